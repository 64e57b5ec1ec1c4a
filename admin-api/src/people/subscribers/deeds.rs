//! What is done to one subscriber.

use actions::people::{move_to_plan, renew_subscriber, suspend};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::PlanId;
use domain::people::permission::{Act, Thing};
use domain::sales::extension::Extension;
use domain::time::{Duration, Timestamp};
use serde::Deserialize;
use store::people::subscribers::Record;
use store::platform::tenants;
use store::{StoreError, TenantTx};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::SubscriberView;
use super::{find, shown, view_of};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::IfMatch;
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::plans_by_id;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler| Route::needs(handler, Thing::Subscribers, Act::Change).checks_state();
    vec![
        change(routes!(suspend_one)).told_as("suspend_subscriber"),
        change(routes!(resume)).told_as("resume_subscriber"),
        change(routes!(move_one)).told_as("move_subscriber"),
        change(routes!(renew)).told_as("renew_subscriber"),
    ]
}

/// The subscriber with that id, in the state that is meant.
async fn meant(tx: &mut TenantTx, app: &App, caller: &Caller, id: &str, meant: &IfMatch) -> Result<Record, Problem> {
    let record = find(tx, caller, id).await?;
    if meant.allows(&view_of(tx, app, &record).await?) { Ok(record) } else { Err(Problem::changed_meanwhile()) }
}

async fn after(app: &App, caller: &Caller, id: &str) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let record = find(&mut tx, caller, id).await?;
    shown(&mut tx, app, &record).await
}

/// Stop a subscriber's service
///
/// Who is online is disconnected, or let in to a page that says how to pay, within seconds.
#[utoipa::path(post, path = "/v1/subscribers/{id}/suspend", tag = "subscribers", operation_id = "suspend_subscriber",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = SubscriberView)))]
async fn suspend_one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    state: IfMatch,
) -> Result<Response, Problem> {
    turned(&app, &caller, &id, &state, suspend::Deed::Suspend).await
}

/// Let a subscriber's service run again
#[utoipa::path(post, path = "/v1/subscribers/{id}/resume", tag = "subscribers", operation_id = "resume_subscriber",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = SubscriberView)))]
async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    state: IfMatch,
) -> Result<Response, Problem> {
    turned(&app, &caller, &id, &state, suspend::Deed::Resume).await
}

/// Stops a subscriber's service, or lets it run again.
async fn turned(
    app: &App,
    caller: &Caller,
    id: &str,
    state: &IfMatch,
    deed: suspend::Deed,
) -> Result<Response, Problem> {
    let scope = caller.scope();
    let mut tx = app.store().tenant(&scope).await?;
    let record = meant(&mut tx, app, caller, id, state).await?;
    drop(tx);
    let which = (&record.subscriber.username, state.meant(&record));
    match suspend::as_seen(app.store(), &scope, which, deed, caller.context(app)).await? {
        suspend::Fate::Done => after(app, caller, id).await,
        suspend::Fate::Unknown => Err(Problem::not_found("subscriber")),
        suspend::Fate::Changed => Err(Problem::changed_meanwhile()),
    }
}

/// Where a subscriber is moved to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// The plan, PPPoE or static.
    #[schema(format = Uuid)]
    plan_id: String,
}

/// Move a subscriber to another plan
///
/// Who is online follows within seconds; the end of what is paid for stays.
#[utoipa::path(post, path = "/v1/subscribers/{id}/move", tag = "subscribers", operation_id = "move_subscriber",
    params(("id" = String, Path, format = Uuid)), request_body = Move,
    responses((status = 200, body = SubscriberView)))]
async fn move_one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    state: IfMatch,
    Body(to): Body<Move>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let plan = faults.take("/plan_id", to.plan_id.parse::<PlanId>());
    let plan = faults.unless(plan)?;
    let scope = caller.scope();
    let mut tx = app.store().tenant(&scope).await?;
    let record = meant(&mut tx, &app, &caller, &id, &state).await?;
    let plan = plans_by_id(&mut tx, [plan]).await?.into_values().next();
    drop(tx);
    let plan =
        plan.ok_or_else(|| Problem::of_field("/plan_id", FaultCode::Invalid, "there is no plan with that id"))?;
    let (which, context) = ((&record.subscriber.username, state.meant(&record)), caller.context(&app));
    match move_to_plan::move_as_seen(app.store(), &scope, which, &plan, context).await {
        Ok(_) | Err(move_to_plan::MoveError::Same(..)) => after(&app, &caller, &id).await,
        Err(move_to_plan::MoveError::Changed) => Err(Problem::changed_meanwhile()),
        Err(move_to_plan::MoveError::Unknown(_)) => Err(Problem::not_found("subscriber")),
        Err(why @ move_to_plan::MoveError::Hotspot(_)) => {
            Err(Problem::of_field("/plan_id", FaultCode::Invalid, why.to_string()))
        }
        Err(move_to_plan::MoveError::Unentitled(why)) => Err(why.into()),
        Err(move_to_plan::MoveError::Store(why)) => Err(why.into()),
    }
}

/// To where the end of what is paid for is moved. Without either, by the duration of the plan.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Renew {
    /// By so much, as 7d or 1mo; what has ended counts from now.
    #[schema(example = "1mo")]
    by: Option<String>,
    /// To this moment, later or earlier than the end that it has.
    #[schema(format = DateTime)]
    to: Option<String>,
}

/// Move the end of what a subscriber has paid for
///
/// A service that was stopped stays so: `resume` lets it run again.
#[utoipa::path(post, path = "/v1/subscribers/{id}/renew", tag = "subscribers", operation_id = "renew_subscriber",
    params(("id" = String, Path, format = Uuid)), request_body = Renew,
    responses((status = 200, body = SubscriberView)))]
async fn renew(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    state: IfMatch,
    Body(renew): Body<Renew>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let by = faults.take("/by", renew.by.as_deref().map(str::parse::<Duration>).transpose()).flatten();
    let to = faults.take("/to", renew.to.as_deref().map(str::parse::<Timestamp>).transpose()).flatten();
    if renew.by.is_some() && renew.to.is_some() {
        faults.note("/by", "give either `by` or `to`, or neither for the plan's duration");
    }
    faults.none()?;
    let extension = by.map(Extension::By).or(to.map(Extension::To));
    let scope = caller.scope();
    let mut tx = app.store().tenant(&scope).await?;
    let zone = tenants::own(&mut tx).await?.zone;
    let record = meant(&mut tx, &app, &caller, &id, &state).await?;
    drop(tx);
    let (which, context) = ((&record.subscriber.username, state.meant(&record)), caller.context(&app));
    let renewed = renew_subscriber::renew_as_seen(app.store(), &scope, &zone, which, extension, context).await;
    match renewed {
        Ok(_) => after(&app, &caller, &id).await,
        Err(renew_subscriber::RenewError::Changed) => Err(Problem::changed_meanwhile()),
        Err(renew_subscriber::RenewError::Unknown(_)) => Err(Problem::not_found("subscriber")),
        Err(renew_subscriber::RenewError::Endless(_)) => Err(Problem::new(
            Code::Conflict,
            "what is paid for has no end that could be moved: give the new end as `to`",
        )),
        Err(renew_subscriber::RenewError::Past(why)) => {
            Err(Problem::of_field("/to", FaultCode::Invalid, why.to_string()))
        }
        Err(renew_subscriber::RenewError::Store(why @ StoreError::Missing { .. })) => Err(why.into()),
        Err(renew_subscriber::RenewError::Store(why)) => Err(why.into()),
    }
}
