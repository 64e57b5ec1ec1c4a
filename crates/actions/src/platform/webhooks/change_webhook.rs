//! Changes where a webhook is, of what it is told, and whether.

use domain::id::WebhookId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::webhook::{HookUrl, Webhook};
use domain::support::exception::ExceptionKind;
use store::platform::{audit, webhooks};
use store::support::exceptions;
use store::{Store, TenantScope};

use super::WebhookError;
use crate::context::Context;

/// What is to be different; `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WebhookChange {
    /// Another address.
    pub url: Option<HookUrl>,
    /// Other deeds; none is all.
    pub events: Option<Vec<Verb>>,
    /// Whether it is told.
    pub is_active: Option<bool>,
}

/// Changes it. What was still to be told to one that is switched off is not told. `is_meant`: whether it is meant as it is at that moment.
pub async fn change_webhook(
    store: &Store,
    scope: &TenantScope,
    id: WebhookId,
    is_meant: &(dyn Fn(&Webhook) -> bool + Send + Sync),
    change: WebhookChange,
    context: Context<'_>,
) -> Result<Webhook, WebhookError> {
    let mut tx = store.tenant(scope).await?;
    let before = webhooks::lock(&mut tx, id).await?.ok_or(WebhookError::Unknown("webhook"))?;
    if !is_meant(&before) {
        return Err(WebhookError::ChangedMeanwhile);
    }
    let mut after = before.clone();
    after.url = change.url.unwrap_or(after.url);
    after.events = change.events.unwrap_or(after.events);
    after.is_active = change.is_active.unwrap_or(after.is_active);
    if after == before {
        return Ok(before);
    }
    webhooks::change(&mut tx, &after).await?;
    if !after.is_active {
        webhooks::drop_waiting(&mut tx, id).await?;
    }
    if before.is_active != after.is_active {
        let how = if after.is_active { "it was switched on again" } else { "it was switched off" };
        exceptions::resolve(&mut tx, ExceptionKind::JobParked, &[id.to_string()], context.now(), how).await?;
    }
    let words = |webhook: &Webhook| {
        let events: Vec<&str> = webhook.events.iter().map(|verb| verb.code()).collect();
        [
            ("url", webhook.url.without_query().to_owned()),
            ("events", if events.is_empty() { "all".to_owned() } else { events.join(" ") }),
            ("is_active", webhook.is_active.to_string()),
        ]
    };
    let changes = words(&before)
        .into_iter()
        .zip(words(&after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change::of(what, Some(before), Some(after)))
        .collect();
    audit::note(&mut tx, &[context.audit(Verb::ChangeWebhook, Thing::Webhook(id), changes)]).await?;
    tx.commit().await?;
    after.revision = before.revision.saturating_add(1);
    Ok(after)
}
