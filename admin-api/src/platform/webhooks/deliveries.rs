//! `/v1/webhooks/{id}/deliveries`: what a webhook was told, what became of it, and telling it once more.

use actions::platform::webhooks::replay_delivery::replay_delivery;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{DeliveryId, WebhookId};
use domain::people::permission::{Act, Thing};
use store::TenantScope;
use store::platform::webhooks;
use utoipa_axum::routes;

use super::view::DeliveryView;
use super::{id_of, refused};
use crate::app::App;
use crate::door::Caller;
use crate::etag;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::Problem;
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Webhooks, Act::See),
        Route::needs(routes!(get), Thing::Webhooks, Act::See),
        Route::needs(routes!(replay), Thing::Webhooks, Act::Change).told_as("replay_delivery"),
    ]
}

fn missing() -> Problem {
    Problem::not_found("delivery")
}

fn ids_of(webhook: &str, delivery: &str) -> Result<(WebhookId, DeliveryId), Problem> {
    Ok((id_of(webhook)?, delivery.parse().map_err(|_| missing())?))
}

/// The delivery as it is now.
async fn shown(app: &App, scope: &TenantScope, webhook: WebhookId, id: DeliveryId) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(scope).await?;
    let found = webhooks::find_delivery(&mut tx, webhook, id).await?.ok_or_else(missing)?;
    etag::single(&DeliveryView::of(&found))
}

/// List what a webhook was told
///
/// Newest first, for thirty days.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(("id" = String, Path, format = Uuid, description = "The webhook's id."), Paging),
    responses((status = 200, description = "One page of deliveries.", body = Listing<DeliveryView>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    List { page, .. }: List<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    webhooks::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("webhook"))?;
    let listed = webhooks::deliveries(&mut tx, id, page.page("newest")?).await?;
    listing(&page, "newest", listed.rows.iter().map(DeliveryView::of).collect(), listed.next)
}

/// Look at a delivery
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries/{delivery}", tag = "webhooks", operation_id = "get_delivery",
    params(
        ("id" = String, Path, format = Uuid, description = "The webhook's id."),
        ("delivery" = String, Path, format = Uuid, description = "The delivery's id."),
    ),
    responses((status = 200, description = "The delivery.", body = DeliveryView)),
)]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path((webhook, delivery)): Path<(String, String)>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (webhook, delivery) = ids_of(&webhook, &delivery)?;
    shown(&app, &caller.scope(), webhook, delivery).await
}

/// Tell a webhook of an event once more
///
/// Whatever became of it the last time. The event's id stays the same.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks", operation_id = "replay_delivery",
    params(
        ("id" = String, Path, format = Uuid, description = "The webhook's id."),
        ("delivery" = String, Path, format = Uuid, description = "The delivery's id."),
    ),
    responses((status = 200, description = "The delivery, which waits to be told.", body = DeliveryView)),
)]
async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path((webhook, delivery)): Path<(String, String)>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (webhook, delivery) = ids_of(&webhook, &delivery)?;
    let context = caller.context(&app);
    replay_delivery(app.store(), &caller.scope(), webhook, delivery, context).await.map_err(refused)?;
    shown(&app, &caller.scope(), webhook, delivery).await
}
