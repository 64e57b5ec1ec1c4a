//! What the platform's people do about an ISP's account: each deed is told in that ISP's audit and in the platform's.

use actions::platform::account::change_tier::{Wish, change_tier};
use actions::platform::account::lock_tenant::lock_tenant;
use actions::platform::account::pay_until::pay_until;
use actions::platform::account::set_grace::set_grace;
use actions::platform::account::set_trial::set_trial;
use actions::platform::told::Side;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::text::Slug;
use domain::time::Timestamp;
use policy::platform::tiers::Turned;
use serde::{Deserialize, Serialize};
use store::TenantScope;
use store::platform::accounts::{LOCKED_WHY_MAX, Overview};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{TenantView, find, shown};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::{IfMatch, single};
use crate::list::{Nothing, Query};
use crate::platform::billing::{ChosenTier, ProrationView, refused};
use crate::problem::{FaultCode, Faults, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler, verb| Route::needs(handler, Thing::Platform, Act::Change).told_as(verb).checks_state();
    vec![
        change(routes!(trial), "set_trial"),
        change(routes!(paid), "note_payment"),
        change(routes!(lock), "lock_tenant"),
        change(routes!(unlock), "unlock_tenant"),
        change(routes!(tier), "change_tier"),
        change(routes!(grace), "set_grace"),
    ]
}

/// What is done about an account.
enum Deed {
    /// Its trial ends then, or it has none.
    Trial(Option<Timestamp>),
    /// It has paid until then, for that tier or for what it has chosen.
    Paid(Timestamp, Option<Slug>),
    /// Its staff are locked out of changes for that reason, or let in again.
    Lock(Option<String>),
    /// It is moved to that tier.
    Tier(Slug, Wish),
    /// It has so many days of grace, or the platform's.
    Grace(Option<u32>),
}

/// Does it to the ISP of a path, in the state that is meant. Gives how the ISP is now, and what became of paid time.
async fn done(
    app: &App,
    caller: &Caller,
    id: &str,
    meant: &IfMatch,
    deed: Deed,
) -> Result<(TenantView, Option<Turned>), Problem> {
    let id = find(app, id).await?;
    let (store, scope, context) = (app.store(), TenantScope::of_platform(id), caller.context(app));
    let now = app.now();
    let seen = |one: &Overview| meant.allows(&TenantView::of(one, now));
    let mut turned = None;
    let done = match deed {
        Deed::Trial(until) => set_trial(store, &scope, &seen, until, context).await,
        Deed::Paid(until, tier) => pay_until(store, &scope, &seen, until, tier.as_ref(), context).await,
        Deed::Lock(why) => lock_tenant(store, &scope, &seen, why, context).await,
        Deed::Tier(code, wish) => change_tier(store, &scope, &seen, &code, wish, context).await.map(|changed| {
            turned = changed.turned;
            changed.account
        }),
        Deed::Grace(days) => set_grace(store, &scope, &seen, days, context).await,
    };
    done.map_err(refused)?;
    Ok((shown(app, id).await?, turned))
}

/// The same, answered with how the ISP is now.
async fn answered(app: &App, caller: &Caller, id: &str, meant: &IfMatch, deed: Deed) -> Result<Response, Problem> {
    single(&done(app, caller, id, meant, deed).await?.0)
}

/// The end of a trial.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// When it ends; null: nobody bills this ISP, unless it has paid.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
}

/// Move the end of an ISP's trial
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/trial", tag = "platform", operation_id = "set_trial",
    params(("id" = String, Path, format = Uuid)), request_body = Trial,
    responses((status = 200, body = TenantView)))]
async fn trial(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(body): Body<Trial>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let until = body.until.and_then(|until| faults.take("/until", until.parse()));
    faults.none()?;
    answered(&app, &caller, &id, &meant, Deed::Trial(until)).await
}

/// What an ISP has paid for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Paid {
    /// Until when.
    #[schema(format = DateTime)]
    until: String,
    /// Which tier; what it has chosen, or has, when it is left out.
    #[schema(example = "premium", max_length = 63)]
    tier: Option<String>,
}

/// Note until when an ISP has paid
///
/// What was locked because nothing was paid is open from then on.
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/paid-until", tag = "platform", operation_id = "note_payment",
    params(("id" = String, Path, format = Uuid)), request_body = Paid,
    responses((status = 200, body = TenantView)))]
async fn paid(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(body): Body<Paid>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let until = faults.take("/until", body.until.parse());
    let tier = body.tier.and_then(|tier| faults.take("/tier", tier.parse::<Slug>()));
    let until = faults.unless(until)?;
    answered(&app, &caller, &id, &meant, Deed::Paid(until, tier)).await
}

/// Why an ISP is locked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Lock {
    /// Why, in 1 to 300 characters; its staff read it.
    #[schema(min_length = 1, max_length = 300)]
    why: String,
}

/// Lock an ISP's staff out of changes
///
/// Its customers never notice.
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/lock", tag = "platform", operation_id = "lock_tenant",
    params(("id" = String, Path, format = Uuid)), request_body = Lock,
    responses((status = 200, body = TenantView)))]
async fn lock(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(body): Body<Lock>,
) -> Result<Response, Problem> {
    let why = body.why.trim();
    let fits = (1..=LOCKED_WHY_MAX).contains(&why.chars().count()) && !why.chars().any(char::is_control);
    if !fits {
        let said = format!("say why, in 1 to {LOCKED_WHY_MAX} characters of plain text: its staff read it");
        return Err(Problem::of_field("/why", FaultCode::Invalid, said));
    }
    answered(&app, &caller, &id, &meant, Deed::Lock(Some(why.to_owned()))).await
}

/// Let an ISP's staff change things again
///
/// What is locked because nothing was paid stays so.
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/unlock", tag = "platform", operation_id = "unlock_tenant",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = TenantView)))]
async fn unlock(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    answered(&app, &caller, &id, &meant, Deed::Lock(None)).await
}

/// An ISP with another tier, or as it would be with it.
#[derive(Debug, Serialize, ToSchema)]
struct MovedTenant {
    /// Whether nothing was changed.
    preview: bool,
    /// The ISP as it is now.
    tenant: TenantView,
    /// What becomes of paid time, where it changes at once and some was left.
    #[schema(required = true)]
    proration: Option<ProrationView>,
}

/// Move an ISP to another tier
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/tier", tag = "platform", operation_id = "change_tier_of_tenant",
    params(("id" = String, Path, format = Uuid)), request_body = ChosenTier,
    responses((status = 200, body = MovedTenant)))]
async fn tier(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(chosen): Body<ChosenTier>,
) -> Result<Response, Problem> {
    let (code, from, preview) = chosen.read()?;
    let wish = Wish { from, preview, side: Side::Platform };
    let (tenant, turned) = done(&app, &caller, &id, &meant, Deed::Tier(code, wish)).await?;
    json(&MovedTenant { preview, tenant, proration: turned.map(ProrationView::of) })
}

/// Days of grace of an ISP's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Grace {
    /// How many; null follows the platform's.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, maximum = 90)]
    days: Option<u32>,
}

/// Give an ISP days of grace of its own, or the platform's again
#[utoipa::path(post, path = "/v1/platform/tenants/{id}/grace", tag = "platform", operation_id = "set_grace",
    params(("id" = String, Path, format = Uuid)), request_body = Grace,
    responses((status = 200, body = TenantView)))]
async fn grace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(body): Body<Grace>,
) -> Result<Response, Problem> {
    answered(&app, &caller, &id, &meant, Deed::Grace(body.days)).await
}
