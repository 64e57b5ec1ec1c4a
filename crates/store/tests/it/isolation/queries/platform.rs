//! The queries about tenants themselves.

use domain::platform::audit::{Entry, Thing};
use domain::platform::house::HouseRules;
use domain::secret::SecretBytes;
use store::Page;
use store::platform::idempotency::{self, Asked, Begun};
use store::platform::{audit, tenants};
use uuid::Uuid;

use super::Walk;
use crate::isolation::inventory::all_rows_of;
use crate::scene::NOW;

/// Ids of a request of ours and of one of theirs.
const OURS: Uuid = Uuid::from_bytes([6; 16]);
const THEIRS: Uuid = Uuid::from_bytes([7; 16]);

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_entry: &Entry) {
    let theirs = &walk.scene.theirs;

    case_of!(walk, "platform::audit::list", |tx| {
        let all = audit::list(tx, None, Page::first(10)).await?.rows;
        all.is_empty() && audit::list(tx, Some(their_entry.thing), Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::audit::names", |tx| {
        let things = [Thing::Plan(theirs.plan.id), Thing::Voucher(theirs.voucher)];
        audit::names(tx, &things).await?.is_empty()
    });
    case_of!(walk, "platform::audit::note", |tx| {
        // Under their id: it becomes a row of ours.
        audit::note(tx, std::slice::from_ref(their_entry)).await?;
        true
    });
    let asked = Asked { caller: [7; 32], key: "their-word", asked: [7; 32] };
    let mut tx = walk.scene.their_tx().await;
    idempotency::begin(&mut tx, THEIRS, &asked, NOW).await.expect("begun");
    tx.commit().await.expect("committed");
    walk.before = all_rows_of(walk.scene, theirs.tenant_id().uuid()).await;
    let answer = SecretBytes::new(b"ours".to_vec());
    case_of!(walk, "platform::idempotency::begin", |tx| {
        matches!(idempotency::begin(tx, OURS, &asked, NOW).await?, Begun::Fresh(_))
    });
    case_of!(walk, "platform::idempotency::finish", |tx| {
        idempotency::finish(tx, THEIRS, 200, &answer).await?;
        true
    });
    case_of!(walk, "platform::idempotency::forget", |tx| {
        idempotency::forget(tx, THEIRS).await?;
        true
    });
    case_of!(walk, "platform::tenants::house", |tx| tenants::house(tx).await? == HouseRules::default());
}
