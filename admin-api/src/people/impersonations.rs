//! Somebody of the platform acts in a provider's place: with a code, for a reason, for a while, and both sides know.

use actions::people::impersonate::{self, MINUTES_MAX};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::TenantId;
use domain::people::permission::{Act, Thing};
use serde::{Deserialize, Serialize};
use store::people::impersonations::{self, Impersonation};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::sign_in::visitor;
use super::{NoFilters, refused, word};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::list::{List, Listing, listing};
use crate::problem::{Code, FaultCode, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(begin), Thing::Platform, Act::Change).told_as("begin_impersonation"),
        Route::needs(routes!(of_all), Thing::Platform, Act::See),
        Route::signed_in(routes!(end)).told_as("end_impersonation"),
        Route::needs(routes!(of_one), Thing::Audit, Act::See),
    ]
}

/// A time in which somebody of the platform acted in a provider's place.
#[derive(Serialize, ToSchema)]
struct ImpersonationView {
    /// Its id.
    id: String,
    /// The provider.
    tenant: String,
    /// Who acted.
    by: String,
    /// Why, in their words.
    reason: String,
    /// When it began.
    begun_at: String,
    /// When it ends at the latest.
    until: String,
    /// When it was over; null while it lasts.
    ended_at: Option<String>,
}

impl ImpersonationView {
    fn of(one: &Impersonation) -> Self {
        Self {
            id: one.id.to_string(),
            tenant: one.tenant.to_string(),
            by: one.by_name.clone(),
            reason: one.reason.clone(),
            begun_at: one.begun_at.to_string(),
            until: one.until.to_string(),
            ended_at: one.ended_at.map(|at| at.to_string()),
        }
    }
}

/// In whose place, why, and for how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeginBody {
    /// The provider's id.
    #[schema(format = Uuid)]
    tenant: String,
    /// Why; the provider reads it.
    #[schema(min_length = 10, max_length = 300)]
    reason: String,
    /// For how many minutes, at most 60; that many when it is not there.
    #[schema(minimum = 1, maximum = 60)]
    minutes: Option<u32>,
}

/// Act in a provider's place
///
/// From the next request on, this session sees and does what the provider's owner could, but for people, roles, keys and
/// what is bought. `GET /v1/me` says so, for a banner on every page.
#[utoipa::path(post, operation_id = "begin_impersonation", path = "/v1/platform/impersonations", tag = "platform", request_body = BeginBody,
    responses((status = 201, body = ImpersonationView)))]
async fn begin(State(app): State<App>, caller: Caller, body: Body<BeginBody>) -> Result<Response, Problem> {
    let Body(BeginBody { tenant, reason, minutes }) = body;
    let tenant: TenantId = word("/tenant", &tenant)?;
    let minutes = minutes.unwrap_or(MINUTES_MAX);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(Problem::of_field("/minutes", FaultCode::Invalid, "write 1 to 60"));
    }
    let (visitor, context) = (visitor(&caller)?, caller.context(&app));
    let begun = impersonate::begin(app.store(), &visitor, (tenant, &reason, minutes), context).await;
    let mut response = json(&ImpersonationView::of(&begun.map_err(|why| refused(why, ""))?))?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Stop acting in a provider's place
#[utoipa::path(post, operation_id = "end_impersonation", path = "/v1/me/stop-impersonating", tag = "me", responses((status = 204)))]
async fn end(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let ended = impersonate::end(app.store(), &visitor(&caller)?, caller.context(&app)).await;
    if ended.map_err(|why| refused(why, ""))? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Problem::new(Code::Conflict, "you act in nobody's place"))
    }
}

/// List when the platform's people acted in providers' places, newest first
#[utoipa::path(get, operation_id = "list_impersonations_of_all", path = "/v1/platform/impersonations", tag = "platform", params(crate::list::Paging),
    responses((status = 200, body = Listing<ImpersonationView>)))]
async fn of_all(State(app): State<App>, _caller: Caller, asked: List<NoFilters>) -> Result<Response, Problem> {
    let mut tx = app.store().system().await?;
    let page = impersonations::list_of_all(&mut tx, asked.page.page("-begun_at")?).await?;
    tx.commit().await?;
    listing(&asked.page, "-begun_at", page.rows.iter().map(ImpersonationView::of).collect(), page.next)
}

/// List when the platform's people acted in your place, newest first
#[utoipa::path(get, operation_id = "list_impersonations", path = "/v1/impersonations", tag = "audit", params(crate::list::Paging),
    responses((status = 200, body = Listing<ImpersonationView>)))]
async fn of_one(State(app): State<App>, caller: Caller, asked: List<NoFilters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let page = impersonations::list(&mut tx, asked.page.page("-begun_at")?).await?;
    tx.commit().await?;
    listing(&asked.page, "-begun_at", page.rows.iter().map(ImpersonationView::of).collect(), page.next)
}
