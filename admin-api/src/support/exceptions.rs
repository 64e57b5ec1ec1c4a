//! `/v1/exceptions`: what could not be made as it should be, and needs a person.

use actions::support::resolve_exception as resolving;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::ExceptionId;
use domain::support::exception::Exception;
use serde::{Deserialize, Serialize};
use store::support::exceptions;
use utoipa::{IntoParams, ToSchema};

use crate::access::whose::{HolderView, Sight};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Faults, Problem};
use crate::support::remedies::{self, ActionView, Remedies};
use crate::uid::Uuid;

/// One trouble, however often it was met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Exception)]
pub struct ExceptionView {
    /// Its id.
    pub id: Uuid,
    /// What kind: `session_not_following`, `router_silent`, `paid_not_served`, `money_unmatched`. The list may grow.
    #[schema(example = "router_silent")]
    pub kind: String,
    /// What is wrong and what to do, in words.
    pub what: String,
    /// What it is about: a session's, router's, payment's or arrival's id, or another word of ours.
    pub about: String,
    /// The one thing to do about it; null where there is no button for it.
    #[schema(required = true)]
    pub action: Option<ActionView>,
    /// The router.
    #[schema(required = true)]
    pub router: Option<Uuid>,
    /// The session.
    #[schema(required = true)]
    pub session: Option<Uuid>,
    /// Whose right.
    #[schema(required = true)]
    pub holder: Option<HolderView>,
    /// When it was met first.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When it was met last.
    #[schema(format = DateTime)]
    pub seen_at: String,
    /// How often.
    pub times: u32,
    /// When it was resolved.
    #[schema(required = true, format = DateTime)]
    pub resolved_at: Option<String>,
    /// How.
    #[schema(required = true)]
    pub resolution: Option<String>,
}

impl ExceptionView {
    /// A trouble, with what is to be done about it.
    pub(crate) fn of(one: &Exception, action: Option<ActionView>) -> Self {
        Self {
            id: one.id.uuid().into(),
            kind: one.kind.code().to_owned(),
            what: one.what.clone(),
            about: one.about.clone(),
            action,
            router: one.nas.map(|nas| nas.uuid().into()),
            session: one.session.map(|session| session.uuid().into()),
            holder: one.holder.map(HolderView::from),
            opened_at: one.opened_at.to_string(),
            seen_at: one.seen_at.to_string(),
            times: one.times,
            resolved_at: one.resolved.as_ref().map(|(at, _)| at.to_string()),
            resolution: one.resolved.as_ref().map(|(_, how)| how.clone()),
        }
    }
}

/// Which exceptions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExceptionFilters {
    /// Those that are resolved, too.
    all: Option<bool>,
}

/// List exceptions
///
/// Newest first: those that are open.
#[utoipa::path(
    get, path = "/v1/exceptions", tag = "exceptions", operation_id = "list_exceptions",
    params(Paging, ExceptionFilters),
    responses((status = 200, description = "One page of exceptions.", body = Listing<ExceptionView>)),
)]
pub(crate) async fn list_exceptions(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<ExceptionFilters>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = exceptions::list(&mut tx, filters.all.unwrap_or(false), page.page("newest")?).await?;
    let holders: Vec<_> = listed.rows.iter().map(|one| one.holder).collect();
    let sight = Sight::of(&mut tx, &caller, &holders).await?;
    let visible: Vec<&Exception> = listed
        .rows
        .iter()
        .filter(|one| sight.sees_trouble(one.holder) && remedies::may_see(&caller, one.kind))
        .collect();
    let remedies = Remedies::of(&mut tx, &visible).await?;
    let rows = visible.into_iter().map(|one| ExceptionView::of(one, remedies.for_one(one))).collect();
    listing(&page, "newest", rows, listed.next)
}

fn id_of(text: &str) -> Result<ExceptionId, Problem> {
    uuid::Uuid::parse_str(text).map(ExceptionId::from_uuid).map_err(|_| Problem::not_found("exception"))
}

/// Look at an exception
#[utoipa::path(
    get, path = "/v1/exceptions/{id}", tag = "exceptions", operation_id = "get_exception",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The exception.", body = ExceptionView)),
)]
pub(crate) async fn get_exception(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = exceptions::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("exception"))?;
    let sight = Sight::of(&mut tx, &caller, &[found.holder]).await?;
    if !sight.sees_trouble(found.holder) || !remedies::may_see(&caller, found.kind) {
        return Err(Problem::not_found("exception"));
    }
    let remedies = Remedies::of(&mut tx, &[&found]).await?;
    etag::single(&ExceptionView::of(&found, remedies.for_one(&found)))
}

/// Most characters of how.
const HOW_MAX: usize = 200;

/// How an exception was resolved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// What was done about it: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, example = "the power at the tower is back")]
    how: String,
}

/// Resolve an exception
///
/// If the trouble is still there, it is opened anew when it is met again.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/resolve", tag = "exceptions", operation_id = "resolve_exception",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    request_body = Resolution,
    responses((status = 200, description = "The exception as it is now.", body = ExceptionView)),
)]
pub(crate) async fn resolve_exception(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(Resolution { how }): Body<Resolution>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut faults = Faults::new();
    if how.trim().is_empty() || how.chars().count() > HOW_MAX {
        faults.note("/how", format!("say in 1 to {HOW_MAX} characters what was done about it"));
    }
    faults.none()?;
    let context = caller.context(&app);
    resolving::resolve_exception(app.store(), &caller.scope(), id, &how, context).await?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let exception = exceptions::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("exception"))?;
    etag::single(&ExceptionView::of(&exception, None))
}
