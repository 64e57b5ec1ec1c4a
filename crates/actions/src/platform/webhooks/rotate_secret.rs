//! Gives a webhook another secret, told now and never again. The earlier one signs nothing any more.

use domain::id::WebhookId;
use domain::platform::audit::{Thing, Verb};
use store::platform::{audit, webhooks};
use store::{Store, TenantScope};

use super::{MadeWebhook, WebhookError, fresh_secret};
use crate::context::Context;

/// Rotates it.
pub async fn rotate_secret(
    store: &Store,
    scope: &TenantScope,
    id: WebhookId,
    context: Context<'_>,
) -> Result<MadeWebhook, WebhookError> {
    let (secret, kept) = fresh_secret(context);
    let mut tx = store.tenant(scope).await?;
    let mut webhook = webhooks::lock(&mut tx, id).await?.ok_or(WebhookError::Unknown("webhook"))?;
    webhooks::set_secret(&mut tx, id, &kept).await?;
    audit::note(&mut tx, &[context.audit(Verb::RotateWebhookSecret, Thing::Webhook(id), Vec::new())]).await?;
    tx.commit().await?;
    webhook.revision = webhook.revision.saturating_add(1);
    Ok(MadeWebhook { webhook, secret })
}
