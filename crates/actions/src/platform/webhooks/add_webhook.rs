//! Adds a webhook. Its secret is told now and never again.

use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Feature;
use domain::platform::webhook::{HookUrl, Webhook};
use store::platform::{audit, webhooks};
use store::{Store, TenantScope};

use super::{MadeWebhook, WebhookError, fresh_secret};
use crate::context::Context;
use crate::platform::entitle;

/// Adds it. `events`: of which deeds it is told; none is all.
pub async fn add_webhook(
    store: &Store,
    scope: &TenantScope,
    url: HookUrl,
    events: Vec<Verb>,
    context: Context<'_>,
) -> Result<MadeWebhook, WebhookError> {
    let webhook =
        Webhook { id: context.new_id(), url, events, is_active: true, created_at: context.now(), revision: 1 };
    let (secret, kept) = fresh_secret(context);
    let mut tx = store.tenant(scope).await?;
    entitle::may_use(&mut tx, Feature::CustomApi, context).await?;
    if u64::try_from(webhooks::list(&mut tx).await?.len()).unwrap_or(u64::MAX) >= Webhook::COUNT_MAX {
        return Err(WebhookError::Full);
    }
    webhooks::add(&mut tx, &webhook, &kept).await?;
    let changes = vec![Change::of("url", None, Some(webhook.url.without_query()))];
    audit::note(&mut tx, &[context.audit(Verb::AddWebhook, Thing::Webhook(webhook.id), changes)]).await?;
    tx.commit().await?;
    Ok(MadeWebhook { webhook, secret })
}
