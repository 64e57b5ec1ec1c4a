//! Tells a webhook of an event once more, whatever became of it the last time.

use domain::id::{DeliveryId, WebhookId};
use domain::platform::audit::{Change, Thing, Verb};
use store::platform::{audit, webhooks};
use store::{Store, TenantScope};

use super::WebhookError;
use crate::context::Context;

/// Tells it.
pub async fn replay_delivery(
    store: &Store,
    scope: &TenantScope,
    webhook: WebhookId,
    id: DeliveryId,
    context: Context<'_>,
) -> Result<(), WebhookError> {
    let mut tx = store.tenant(scope).await?;
    let told = webhooks::lock(&mut tx, webhook).await?.ok_or(WebhookError::Unknown("webhook"))?;
    if !told.is_active {
        return Err(WebhookError::SwitchedOff);
    }
    if !webhooks::replay(&mut tx, webhook, id, context.now()).await? {
        return Err(WebhookError::Unknown("delivery of this webhook"));
    }
    let changes = vec![Change::of("delivery", None, Some(id))];
    audit::note(&mut tx, &[context.audit(Verb::ReplayDelivery, Thing::Webhook(webhook), changes)]).await?;
    Ok(tx.commit().await?)
}
