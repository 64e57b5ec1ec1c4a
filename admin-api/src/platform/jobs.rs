//! Jobs: `/v1/platform/jobs`. Letters and what else is done outside, for the platform's own people.

use actions::platform::retry_job::{RetryError, retry_job};
use actions::platform::told::Side;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{JobId, TenantId};
use domain::people::permission::{Act, Thing};
use domain::platform::job::{Job, JobState};
use serde::{Deserialize, Serialize};
use store::TenantScope;
use store::platform::{accounts, jobs};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::shapes::{asked, id_in_path};
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Platform, Act::See),
        Route::needs(routes!(retry), Thing::Platform, Act::Change).told_as("retry_job"),
    ]
}

/// What is done outside, later, and again until it is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
struct JobView {
    /// Its id.
    id: Uuid,
    /// What kind of work it is.
    #[schema(example = "mail")]
    kind: &'static str,
    /// What it is about, in one line without secrets.
    about: String,
    /// When it was asked for.
    #[schema(format = DateTime)]
    created_at: String,
    /// `waiting`, `done` or `parked`: tried too often, a person must look at it.
    state: &'static str,
    /// When it is tried next.
    #[schema(required = true, format = DateTime)]
    due_at: Option<String>,
    /// When it was done, or parked.
    #[schema(required = true, format = DateTime)]
    ended_at: Option<String>,
    /// How often it was tried.
    tries: u32,
    /// Why the last try did not do it.
    #[schema(required = true)]
    fault: Option<String>,
}

impl JobView {
    fn of(job: &Job) -> Self {
        let (due_at, ended_at) = match job.state {
            JobState::Waiting { due_at } => (Some(due_at), None),
            JobState::Done { at } | JobState::Parked { at } => (None, Some(at)),
        };
        Self {
            id: job.id.uuid().into(),
            kind: job.kind.code(),
            about: job.about.clone(),
            created_at: job.created_at.to_string(),
            state: job.state.code(),
            due_at: due_at.map(|at| at.to_string()),
            ended_at: ended_at.map(|at| at.to_string()),
            tries: job.tries,
            fault: job.fault.clone(),
        }
    }
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those of this ISP; the platform's own when it is left out.
    #[param(format = Uuid)]
    tenant: Option<String>,
    /// Those that are done, too.
    with_done: Option<bool>,
}

/// List jobs, newest first
#[utoipa::path(get, path = "/v1/platform/jobs", tag = "platform", operation_id = "list_jobs", params(Paging, Filters),
    responses((status = 200, body = Listing<JobView>)))]
async fn list(State(app): State<App>, caller: Caller, list: List<Filters>) -> Result<Response, Problem> {
    let tenant = match asked::<TenantId>("tenant", list.filters.tenant.as_ref())? {
        None => caller.home(),
        Some(tenant) => {
            let mut tx = app.store().system().await?;
            let found = accounts::overview(&mut tx, tenant).await?;
            found.ok_or_else(|| Problem::not_found("tenant"))?.tenant
        }
    };
    let page = list.page.page("-created_at")?;
    let mut tx = app.store().tenant(&TenantScope::of_platform(tenant)).await?;
    let listed = jobs::list(&mut tx, list.filters.with_done.unwrap_or(false), page).await?;
    listing(&list.page, "-created_at", listed.rows.iter().map(JobView::of).collect(), listed.next)
}

/// Have a parked job tried again, as often as a new one
#[utoipa::path(post, path = "/v1/platform/jobs/{id}/retry", tag = "platform", operation_id = "retry_job",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = JobView)))]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id: JobId = id_in_path(&id, "job")?;
    let mut system = app.store().system().await?;
    let tenant = jobs::tenant_of(&mut system, id).await?.ok_or_else(|| Problem::not_found("job"))?;
    drop(system);
    let scope = TenantScope::of_platform(tenant);
    let tried = retry_job(app.store(), &scope, id, Side::Platform, caller.context(&app)).await;
    tried.map_err(|why| match why {
        RetryError::Unknown(_) => Problem::not_found("job"),
        RetryError::NotParked(..) => Problem::new(Code::Conflict, why.to_string()),
        RetryError::Store(why) => why.into(),
    })?;
    let mut tx = app.store().tenant(&scope).await?;
    let job = jobs::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("job"))?;
    json(&JobView::of(&job))
}
