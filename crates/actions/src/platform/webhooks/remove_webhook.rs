//! Takes a webhook away. What it was still to be told is not told.

use domain::id::WebhookId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::webhook::Webhook;
use domain::support::exception::ExceptionKind;
use store::platform::{audit, webhooks};
use store::support::exceptions;
use store::{Store, TenantScope};

use super::WebhookError;
use crate::context::Context;

/// Takes it away. `is_meant`: whether it is meant as it is at that moment.
pub async fn remove_webhook(
    store: &Store,
    scope: &TenantScope,
    id: WebhookId,
    is_meant: &(dyn Fn(&Webhook) -> bool + Send + Sync),
    context: Context<'_>,
) -> Result<(), WebhookError> {
    let mut tx = store.tenant(scope).await?;
    let webhook = webhooks::lock(&mut tx, id).await?.ok_or(WebhookError::Unknown("webhook"))?;
    if !is_meant(&webhook) {
        return Err(WebhookError::ChangedMeanwhile);
    }
    exceptions::resolve(&mut tx, ExceptionKind::JobParked, &[id.to_string()], context.now(), "it was taken away")
        .await?;
    let changes = vec![Change::of("url", Some(webhook.url.without_query()), None)];
    // The audit first: while it is ours, nobody else points at the webhook.
    audit::note(&mut tx, &[context.audit(Verb::RemoveWebhook, Thing::Webhook(id), changes)]).await?;
    webhooks::remove(&mut tx, id).await?;
    Ok(tx.commit().await?)
}
