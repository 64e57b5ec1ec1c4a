//! Tells a webhook of nothing but that it is being tested, whatever it wants to hear of.

use domain::id::{DeliveryId, WebhookId};
use domain::platform::audit::{Thing, Verb};
use store::platform::{audit, webhooks};
use store::{Store, TenantScope};

use super::WebhookError;
use crate::context::Context;

/// Tells it. Returns the delivery, in which is to be seen what became of it.
pub async fn test_webhook(
    store: &Store,
    scope: &TenantScope,
    id: WebhookId,
    context: Context<'_>,
) -> Result<DeliveryId, WebhookError> {
    let mut tx = store.tenant(scope).await?;
    let webhook = webhooks::lock(&mut tx, id).await?.ok_or(WebhookError::Unknown("webhook"))?;
    if !webhook.is_active {
        return Err(WebhookError::SwitchedOff);
    }
    let entry = context.audit(Verb::TestWebhook, Thing::Webhook(id), Vec::new());
    let delivery = webhooks::tell_one(&mut tx, &webhook, &entry).await?;
    audit::note(&mut tx, &[entry]).await?;
    tx.commit().await?;
    Ok(delivery)
}
