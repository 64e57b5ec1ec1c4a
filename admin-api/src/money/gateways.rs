//! `/v1/gateways`: who takes money for the provider. Keys are never shown once they are set.

mod ask;
mod trial;
mod view;

use actions::money::gateways::{GatewayChange, GatewayError, KeysChange, NewGateway, add_gateway, change_gateway};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::id::GatewayId;
use domain::money::gateway::{Environment, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo, Shortcode};
use domain::people::permission::{Act, Thing};
use domain::secret::Secret;
use serde::Deserialize;
use store::money::gateways::{self, seen};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use self::trial::refused_by;
use self::view::{GatewayView, SeenView, SetUpView};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::{self, IfMatch};
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::money::sees_all;
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::id_in_path;

/// All routes about gateways.
pub(super) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::needs(routes!(list), Thing::Gateways, Act::See),
        Route::needs(routes!(add), Thing::Gateways, Act::Make).told_as("put_gateway"),
        Route::needs(routes!(get), Thing::Gateways, Act::See),
        Route::needs(routes!(look), Thing::Gateways, Act::See),
        Route::needs(routes!(change), Thing::Gateways, Act::Change).told_as("put_gateway").checks_state(),
        Route::needs(routes!(switch_off), Thing::Gateways, Act::Remove).told_as("put_gateway").checks_state(),
    ];
    all.extend(ask::routes());
    all
}

fn id_of(text: &str) -> Result<GatewayId, Problem> {
    id_in_path(text, "gateway")
}

/// Why nothing was done to a gateway, as it is answered.
fn refused(why: GatewayError) -> Problem {
    let said = why.to_string();
    match why {
        GatewayError::Looks(_) | GatewayError::Key(_) => Problem::new(Code::Invalid, said),
        GatewayError::Unknown => Problem::not_found("gateway"),
        GatewayError::TooMany => Problem::new(Code::Conflict, said),
        GatewayError::ChangedMeanwhile => Problem::changed_meanwhile(),
        GatewayError::Store(why) => why.into(),
    }
}

async fn find(app: &App, caller: &Caller, id: GatewayId) -> Result<IspGateway, Problem> {
    sees_all(caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    gateways::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("gateway"))
}

/// List the gateways
///
/// Oldest first, those that are switched off, too. There are never more than 20.
#[utoipa::path(get, path = "/v1/gateways", tag = "gateways", operation_id = "list_gateways", params(Paging),
    responses((status = 200, description = "All gateways.", body = Listing<GatewayView>)))]
async fn list(State(app): State<App>, caller: Caller, List { page, .. }: List<Nothing>) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let asked = page.page::<GatewayId>("created_at")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let all = gateways::list(&mut tx).await?;
    let after = asked.key().copied();
    let mut rest = all.iter().filter(|one| after.is_none_or(|after| one.id > after));
    let rows: Vec<&IspGateway> = rest.by_ref().take(asked.size()).collect();
    let next = rest.next().and_then(|_| rows.last().map(|last| last.id));
    listing(&page, "created_at", rows.into_iter().map(GatewayView::of).collect(), next)
}

/// Look at a gateway
#[utoipa::path(get, path = "/v1/gateways/{id}", tag = "gateways", operation_id = "get_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The gateway.", body = GatewayView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    etag::single(&GatewayView::of(&find(&app, &caller, id).await?))
}

/// See what was heard of a gateway
///
/// When it called back last, up to when its books were read, and what it told of the balance.
#[utoipa::path(get, path = "/v1/gateways/{id}/seen", tag = "gateways", operation_id = "look_at_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "What was heard.", body = SeenView)))]
async fn look(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let gateway = find(&app, &caller, id_of(&id)?).await?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let seen = seen::seen(&mut tx, gateway.id).await?.ok_or_else(|| Problem::not_found("gateway"))?;
    json(&SeenView::of(&gateway, &seen))
}

/// How a gateway is saved.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Checked {
    /// Whether its keys are tried at the gateway first, which refuses what is wrong; without it, they are.
    check: Option<bool>,
}

/// Who may look up receipts, give money back and see the balance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInitiator {
    /// The operator's user name, of the API kind.
    #[schema(max_length = 500)]
    name: String,
    /// The operator's password. It lapses after 90 days.
    #[schema(max_length = 500)]
    password: String,
}

impl NewInitiator {
    fn read(self) -> Initiator {
        Initiator { name: self.name.trim().to_owned(), password: secret(self.password) }
    }
}

/// What proves that it is the provider who asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKeys {
    /// Of the app in the developers' portal.
    #[schema(max_length = 500)]
    consumer_key: String,
    /// Of the same.
    #[schema(max_length = 500)]
    consumer_secret: String,
    /// Of prompts on telephones; it belongs to the shortcode.
    #[schema(max_length = 500)]
    passkey: String,
    /// Who may look up receipts; without, nobody may.
    initiator: Option<NewInitiator>,
}

fn secret(text: String) -> Secret<String> {
    let trimmed = text.trim().to_owned();
    // What was typed is overwritten with the secret that it was.
    drop(Secret::new(text));
    Secret::new(trimmed)
}

/// A gateway to set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGatewayBody {
    /// Which company: `mpesa`.
    #[schema(example = "mpesa")]
    kind: String,
    /// `production`, where money moves, or `sandbox`.
    #[schema(example = "production")]
    environment: String,
    /// The paybill; for a till, the store's or head office's number, to which the passkey belongs. 5 to 7 digits.
    #[schema(example = "600999")]
    shortcode: String,
    /// The till that customers see; without, they pay to the paybill.
    till: Option<String>,
    /// What opens it.
    keys: NewKeys,
    /// Whether a confirmation is believed that cannot be verified. Whoever learns its address could make money up.
    #[serde(default)]
    trusts_confirmations: bool,
    /// How often a minute the gateway may be asked what became of something; without, 60, and 5 in the sandbox.
    #[schema(minimum = 1, maximum = 6000)]
    looks_per_minute: Option<u32>,
}

impl NewGatewayBody {
    fn read(self) -> Result<NewGateway, Problem> {
        let mut faults = Faults::new();
        let kind = GatewayKind::from_code(&self.kind).ok_or("there is `mpesa` alone so far");
        let kind = faults.take("/kind", kind);
        let environment = Environment::from_code(&self.environment).ok_or("write production or sandbox");
        let environment = faults.take("/environment", environment);
        let shortcode = faults.take("/shortcode", self.shortcode.parse::<Shortcode>());
        let pay_to = match self.till {
            None => Some(PayTo::Paybill),
            Some(till) => faults.take("/till", till.parse()).map(PayTo::Till),
        };
        let keys = GatewayKeys {
            consumer_key: secret(self.keys.consumer_key),
            consumer_secret: secret(self.keys.consumer_secret),
            passkey: secret(self.keys.passkey),
            initiator: self.keys.initiator.map(NewInitiator::read),
        };
        let read = kind.zip(environment).zip(shortcode.zip(pay_to));
        let ((kind, environment), (shortcode, pay_to)) = faults.unless(read)?;
        Ok(NewGateway {
            kind,
            environment,
            shortcode,
            pay_to,
            keys,
            trusts_confirmations: self.trusts_confirmations,
            looks_per_minute: self.looks_per_minute.unwrap_or(IspGateway::looks_per_minute(environment)),
        })
    }
}

/// Set up a gateway
///
/// Its keys are tried first, unless `check=false`: what the gateway refuses is not saved. A gateway that is away at the
/// moment is no reason not to save it: then a finding says so.
#[utoipa::path(post, path = "/v1/gateways", tag = "gateways", operation_id = "add_gateway", params(Checked),
    request_body = NewGatewayBody,
    responses((status = 201, description = "The gateway, and what is not as it should be.", body = SetUpView)))]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Query(Checked { check }): Query<Checked>,
    Body(new): Body<NewGatewayBody>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let mut new = new.read()?;
    let mut findings = Vec::new();
    if check.unwrap_or(true) {
        let (keys, found) = trial::of_new(&app, new).await;
        new = keys;
        refused_by(&found)?;
        findings = found;
    }
    let made = add_gateway(app.store(), &caller.scope(), new, caller.context(&app)).await.map_err(refused)?;
    let mut response = json(&SetUpView::of(&made, &findings))?;
    *response.status_mut() = StatusCode::CREATED;
    let place = format!("/v1/gateways/{}", made.id);
    response.headers_mut().insert(header::LOCATION, place.parse().map_err(|_| Problem::internal())?);
    Ok(response)
}

/// Keys that are to be others; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeysChanges {
    /// Of the app in the developers' portal.
    #[schema(max_length = 500)]
    consumer_key: Option<String>,
    /// Of the same.
    #[schema(max_length = 500)]
    consumer_secret: Option<String>,
    /// Of prompts on telephones.
    #[schema(max_length = 500)]
    passkey: Option<String>,
    /// Who may look up receipts; null is nobody from now on.
    #[serde(default, deserialize_with = "crate::body::nullable")]
    #[schema(nullable)]
    initiator: Option<Option<NewInitiator>>,
}

/// What is to be another; what is left out stays as it is. Another shortcode is another gateway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GatewayChanges {
    /// The till that customers see; null is a paybill.
    #[serde(default, deserialize_with = "crate::body::nullable")]
    #[schema(nullable)]
    till: Option<Option<String>>,
    /// What opens it.
    keys: Option<KeysChanges>,
    /// Whether a confirmation is believed that cannot be verified.
    trusts_confirmations: Option<bool>,
    /// How often a minute the gateway may be asked.
    #[schema(minimum = 1, maximum = 6000)]
    looks_per_minute: Option<u32>,
    /// Whether anybody can pay through it.
    is_active: Option<bool>,
}

impl GatewayChanges {
    fn read(self) -> Result<GatewayChange, Problem> {
        let mut faults = Faults::new();
        let pay_to = match self.till {
            None => None,
            Some(None) => Some(PayTo::Paybill),
            Some(Some(till)) => faults.take("/till", till.parse()).map(PayTo::Till),
        };
        faults.none()?;
        let keys = self.keys.unwrap_or_default();
        Ok(GatewayChange {
            pay_to,
            keys: KeysChange {
                consumer_key: keys.consumer_key.map(secret),
                consumer_secret: keys.consumer_secret.map(secret),
                passkey: keys.passkey.map(secret),
                initiator: keys.initiator.map(|initiator| initiator.map(NewInitiator::read)),
            },
            trusts_confirmations: self.trusts_confirmations,
            looks_per_minute: self.looks_per_minute,
            is_active: self.is_active,
        })
    }
}

/// Change a gateway
///
/// Keys that are changed are tried first, unless `check=false`. What was begun through it is seen to its end whatever is
/// changed.
#[utoipa::path(patch, path = "/v1/gateways/{id}", tag = "gateways", operation_id = "change_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id."), Checked), request_body = GatewayChanges,
    responses((status = 200, description = "The gateway as it is now.", body = GatewayView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Query(Checked { check }): Query<Checked>,
    Body(asked): Body<GatewayChanges>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let before = find(&app, &caller, id).await?;
    if !if_match.allows(&GatewayView::of(&before)) {
        return Err(Problem::changed_meanwhile());
    }
    let mut change = asked.read()?;
    if change.keys.is_any() && check.unwrap_or(true) {
        let (keys, found) = trial::of_change(&app, &caller, &before, change.keys).await?;
        change.keys = keys;
        refused_by(&found)?;
    }
    changed(&app, &caller, id, &if_match, change).await
}

/// Switch a gateway off
///
/// Nobody can pay through it from now on. What was begun is seen to its end, and its books stay: it can be switched on
/// again.
#[utoipa::path(delete, path = "/v1/gateways/{id}", tag = "gateways", operation_id = "switch_off_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The gateway as it is now.", body = GatewayView)))]
async fn switch_off(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    sees_all(&caller)?;
    let change = GatewayChange { is_active: Some(false), ..GatewayChange::default() };
    changed(&app, &caller, id, &if_match, change).await
}

async fn changed(
    app: &App,
    caller: &Caller,
    id: GatewayId,
    if_match: &IfMatch,
    change: GatewayChange,
) -> Result<Response, Problem> {
    let as_seen = |gateway: &IspGateway| if_match.allows(&GatewayView::of(gateway));
    let context = caller.context(app);
    let changed = change_gateway(app.store(), &caller.scope(), id, &as_seen, change, context).await.map_err(refused)?;
    etag::single(&GatewayView::of(&changed))
}
