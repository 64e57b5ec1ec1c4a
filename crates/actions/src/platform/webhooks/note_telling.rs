//! Notes what a partner answered to a telling. One that wants to hear nothing more is switched off, and staff is told.

use domain::id::{DeliveryId, ExceptionId, WebhookId};
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::{Exception, ExceptionKind};
use store::platform::{audit, webhooks};
use store::support::exceptions;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// The status of HTTP by which a partner says that there is nobody any more.
const GONE: u16 = 410;

/// Notes it.
pub async fn note_telling(
    store: &Store,
    scope: &TenantScope,
    id: WebhookId,
    delivery: DeliveryId,
    status: Option<u16>,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    webhooks::note_answer(&mut tx, delivery, status).await?;
    if status == Some(GONE)
        && let Some(mut webhook) = webhooks::lock(&mut tx, id).await?
        && webhook.is_active
    {
        webhook.is_active = false;
        webhooks::change(&mut tx, &webhook).await?;
        webhooks::drop_waiting(&mut tx, id).await?;
        exceptions::open(&mut tx, &[trouble(&webhook.url, id, context)]).await?;
        let changes = vec![Change::of("is_active", Some(true), Some(false))];
        audit::note(&mut tx, &[context.audit(Verb::ChangeWebhook, Thing::Webhook(id), changes)]).await?;
    }
    tx.commit().await
}

fn trouble(url: &domain::platform::webhook::HookUrl, id: WebhookId, context: Context<'_>) -> Exception {
    let exception: ExceptionId = context.new_id();
    Exception {
        id: exception,
        kind: ExceptionKind::JobParked,
        about: id.to_string(),
        nas: None,
        session: None,
        holder: None,
        what: format!(
            "{} answered 410: it wants to hear nothing more, so its webhook was switched off. Ask the partner for \
             another address, and switch it on with that: `mnetifi webhook set {id} --on --url …`",
            url.host()
        ),
        opened_at: context.now(),
        seen_at: context.now(),
        times: 1,
        resolved: None,
    }
}
