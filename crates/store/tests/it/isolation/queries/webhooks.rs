//! The queries about webhooks and what they are told.

use domain::id::{DeliveryId, WebhookId};
use domain::platform::audit::{Actor, Entry, Thing, Verb};
use domain::platform::webhook::Webhook;
use domain::secret::SecretBytes;
use store::Page;
use store::platform::webhooks;

use super::Walk;
use crate::isolation::inventory::all_rows_of;
use crate::scene::{NOW, id, in_seconds};

const THEIRS: WebhookId = WebhookId::from_bytes([0x31; 16]);
const OURS: WebhookId = WebhookId::from_bytes([0x32; 16]);

fn webhook(id: WebhookId) -> Webhook {
    Webhook {
        id,
        url: "https://partner.example/hook".parse().expect("good"),
        events: vec![Verb::TestWebhook],
        is_active: true,
        created_at: NOW,
        revision: 1,
    }
}

fn secret() -> SecretBytes {
    SecretBytes::new(b"whsec_theirs".to_vec())
}

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>) {
    let entry = Entry {
        id: id(),
        at: NOW,
        actor: Actor::named("staff"),
        verb: Verb::TestWebhook,
        thing: Thing::Webhook(THEIRS),
        changes: Vec::new(),
    };
    let mut tx = walk.scene.their_tx().await;
    webhooks::add(&mut tx, &webhook(THEIRS), &secret()).await.expect("added");
    let told: DeliveryId = webhooks::tell_one(&mut tx, &webhook(THEIRS), &entry).await.expect("told");
    tx.commit().await.expect("committed");
    walk.before = all_rows_of(walk.scene, walk.scene.theirs.tenant_id().uuid()).await;

    case_of!(walk, "platform::webhooks::list", |tx| webhooks::list(tx).await?.is_empty());
    case_of!(walk, "platform::webhooks::page", |tx| webhooks::page(tx, Page::first(10)).await?.rows.is_empty());
    case_of!(walk, "platform::webhooks::find", |tx| webhooks::find(tx, THEIRS).await?.is_none());
    case_of!(walk, "platform::webhooks::lock", |tx| webhooks::lock(tx, THEIRS).await?.is_none());
    case_of!(walk, "platform::webhooks::change", |tx| {
        webhooks::change(tx, &webhook(THEIRS)).await?;
        false
    });
    case_of!(walk, "platform::webhooks::set_secret", |tx| {
        webhooks::set_secret(tx, THEIRS, &secret()).await?;
        false
    });
    case_of!(walk, "platform::webhooks::drop_waiting", |tx| webhooks::drop_waiting(tx, THEIRS).await? == 0);
    case_of!(walk, "platform::webhooks::remove", |tx| {
        webhooks::remove(tx, THEIRS).await?;
        false
    });
    case_of!(walk, "platform::webhooks::call", |tx| webhooks::call(tx, told).await?.is_none());
    case_of!(walk, "platform::webhooks::note_answer", |tx| {
        webhooks::note_answer(tx, told, Some(500)).await?;
        true
    });
    case_of!(walk, "platform::webhooks::deliveries", |tx| {
        webhooks::deliveries(tx, THEIRS, Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::webhooks::find_delivery", |tx| {
        webhooks::find_delivery(tx, THEIRS, told).await?.is_none()
    });
    case_of!(walk, "platform::webhooks::webhook_of", |tx| webhooks::webhook_of(tx, told).await?.is_none());
    case_of!(walk, "platform::webhooks::replay", |tx| !webhooks::replay(tx, THEIRS, told, NOW).await?);
    case_of!(walk, "platform::webhooks::forget_deliveries", |tx| {
        webhooks::forget_deliveries(tx, in_seconds(99)).await? == 0
    });
    case_of!(walk, "platform::webhooks::tell_one", |tx| {
        // Their webhook is not ours to be told of anything.
        webhooks::tell_one(tx, &webhook(THEIRS), &entry).await?;
        false
    });
    case_of!(walk, "platform::webhooks::add", |tx| {
        webhooks::add(tx, &webhook(OURS), &secret()).await?;
        webhooks::find(tx, OURS).await?.is_some()
            && webhooks::deliveries(tx, OURS, Page::first(10)).await?.rows.is_empty()
    });
}
