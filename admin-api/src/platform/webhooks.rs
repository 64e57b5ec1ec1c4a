//! `/v1/webhooks`: partners' addresses that are told of what is done in the provider's name. A secret is shown once.

mod deliveries;
mod view;

use actions::platform::webhooks::add_webhook::add_webhook;
use actions::platform::webhooks::change_webhook::{WebhookChange, change_webhook};
use actions::platform::webhooks::remove_webhook::remove_webhook;
use actions::platform::webhooks::rotate_secret::rotate_secret;
use actions::platform::webhooks::test_webhook::test_webhook;
use actions::platform::webhooks::{MadeWebhook, WebhookError};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::id::WebhookId;
use domain::people::permission::{Act, Thing};
use domain::platform::audit::Verb;
use domain::platform::webhook::{HookUrl, Webhook};
use serde::Deserialize;
use store::platform::webhooks;
use utoipa::ToSchema;
use utoipa_axum::routes;

use self::view::{EventsView, MadeWebhookView, TestedView, WebhookView};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::{self, IfMatch};
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Code, FaultCode, Faults, FieldFault, Problem};
use crate::routes::Route;

/// All routes about webhooks.
pub(super) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::needs(routes!(list), Thing::Webhooks, Act::See),
        Route::needs(routes!(events), Thing::Webhooks, Act::See),
        Route::needs(routes!(add), Thing::Webhooks, Act::Make).told_as("add_webhook"),
        Route::needs(routes!(get), Thing::Webhooks, Act::See),
        Route::needs(routes!(change), Thing::Webhooks, Act::Change).told_as("change_webhook").checks_state(),
        Route::needs(routes!(remove), Thing::Webhooks, Act::Remove).told_as("remove_webhook").checks_state(),
        Route::needs(routes!(rotate), Thing::Webhooks, Act::Change).told_as("rotate_webhook_secret"),
        Route::needs(routes!(test), Thing::Webhooks, Act::Change).told_as("test_webhook"),
    ];
    all.extend(deliveries::routes());
    all
}

/// The id of a path. What is no id names nothing.
fn id_of(text: &str) -> Result<WebhookId, Problem> {
    text.parse().map_err(|_| Problem::not_found("webhook"))
}

/// Why nothing was done to a webhook, as it is answered.
fn refused(why: WebhookError) -> Problem {
    let said = why.to_string();
    match why {
        WebhookError::Unknown(_) => Problem::new(Code::NotFound, said),
        WebhookError::Full | WebhookError::SwitchedOff => Problem::new(Code::Conflict, said),
        WebhookError::ChangedMeanwhile => Problem::changed_meanwhile(),
        WebhookError::Unentitled(why) => why.into(),
        WebhookError::Store(why) => why.into(),
    }
}

/// Of which events, as a body names them.
fn verbs(names: &[String]) -> Result<Vec<Verb>, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut verbs = Vec::new();
    for (place, name) in names.iter().enumerate() {
        match Verb::from_code(name) {
            Some(verb) if verbs.contains(&verb) => {}
            Some(verb) => verbs.push(verb),
            None => faults.push(FieldFault {
                field: format!("/events/{place}"),
                code: FaultCode::Invalid,
                detail: "there is no such event; /v1/webhooks/events lists them".to_owned(),
            }),
        }
    }
    if faults.is_empty() { Ok(verbs) } else { Err(faults) }
}

/// Takes what a body says of events, and notes each that is not known.
fn taken(faults: &mut Faults, names: &[String]) -> Vec<Verb> {
    match verbs(names) {
        Ok(verbs) => verbs,
        Err(unknown) => {
            for fault in unknown {
                faults.note(&fault.field, fault.detail);
            }
            Vec::new()
        }
    }
}

/// List webhooks
///
/// Oldest first. There are never more than 20.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(Paging),
    responses((status = 200, description = "All webhooks.", body = Listing<WebhookView>)),
)]
async fn list(State(app): State<App>, caller: Caller, List { page, .. }: List<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = webhooks::page(&mut tx, page.page("created_at")?).await?;
    listing(&page, "created_at", listed.rows.iter().map(WebhookView::of).collect(), listed.next)
}

/// List the events that a webhook can be told of
#[utoipa::path(
    get, path = "/v1/webhooks/events", tag = "webhooks", operation_id = "list_webhook_events",
    responses((status = 200, description = "The names of all events.", body = EventsView)),
)]
async fn events(State(_): State<App>, _: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    json(&EventsView { events: Verb::ALL.iter().map(|verb| verb.code()).collect() })
}

/// A webhook to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// Where it is: an address of the open network that begins with `https://`.
    #[schema(example = "https://partner.example/mnetifi", max_length = 500)]
    url: String,
    /// Of which events it is told; none, or nothing, is all.
    #[schema(example = json!(["sell_voucher"]), max_items = 200)]
    #[serde(default)]
    events: Vec<String>,
}

/// Add a webhook
///
/// Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", operation_id = "add_webhook",
    request_body = NewWebhook,
    responses((status = 201, description = "The webhook and its secret.", body = MadeWebhookView)),
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(new): Body<NewWebhook>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let url = faults.take("/url", new.url.parse::<HookUrl>());
    let events = taken(&mut faults, &new.events);
    let url = faults.unless(url)?;
    let context = caller.context(&app);
    let made = add_webhook(app.store(), &caller.scope(), url, events, context).await.map_err(refused)?;
    let mut response = json(&MadeWebhookView::of(&made))?;
    *response.status_mut() = StatusCode::CREATED;
    let place = format!("/v1/webhooks/{}", made.webhook.id);
    response.headers_mut().insert(header::LOCATION, place.parse().map_err(|_| Problem::internal())?);
    Ok(response)
}

/// Look at a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The webhook.", body = WebhookView)),
)]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = webhooks::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("webhook"))?;
    etag::single(&WebhookView::of(&found))
}

/// What is to be another; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChanges {
    /// Where it is.
    #[schema(example = "https://partner.example/mnetifi", max_length = 500)]
    url: Option<String>,
    /// Of which events it is told; none is all.
    #[schema(max_items = 200)]
    events: Option<Vec<String>>,
    /// Whether it is told at all. What waits to be told when it is switched off is not told.
    is_active: Option<bool>,
}

/// Change a webhook, or switch it off or on
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    request_body = WebhookChanges,
    responses((status = 200, description = "The webhook as it is now.", body = WebhookView)),
)]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    _: Query<Nothing>,
    Body(asked): Body<WebhookChanges>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut faults = Faults::new();
    let url = asked.url.and_then(|url| faults.take("/url", url.parse::<HookUrl>()));
    let events = asked.events.map(|events| taken(&mut faults, &events));
    faults.none()?;
    let change = WebhookChange { url, events, is_active: asked.is_active };
    let as_seen = |webhook: &Webhook| if_match.allows(&WebhookView::of(webhook));
    let context = caller.context(&app);
    let changed = change_webhook(app.store(), &caller.scope(), id, &as_seen, change, context).await.map_err(refused)?;
    etag::single(&WebhookView::of(&changed))
}

/// Take a webhook away
///
/// What it was still to be told is not told.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 204, description = "It is taken away.")),
)]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let id = id_of(&id)?;
    let as_seen = |webhook: &Webhook| if_match.allows(&WebhookView::of(webhook));
    remove_webhook(app.store(), &caller.scope(), id, &as_seen, caller.context(&app)).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret
///
/// It is in this answer and nowhere else. The earlier one signs nothing any more.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The webhook and its secret.", body = MadeWebhookView)),
)]
async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let made: MadeWebhook =
        rotate_secret(app.store(), &caller.scope(), id, caller.context(&app)).await.map_err(refused)?;
    json(&MadeWebhookView::of(&made))
}

/// Tell a webhook that it is being tested
///
/// The event is `test_webhook`, whatever the webhook wants to hear of. What became of it is in the delivery.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 202, description = "It is being told; look at the delivery.", body = TestedView)),
)]
async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let delivery = test_webhook(app.store(), &caller.scope(), id, caller.context(&app)).await.map_err(refused)?;
    let mut response = json(&TestedView { delivery: delivery.uuid().into() })?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
