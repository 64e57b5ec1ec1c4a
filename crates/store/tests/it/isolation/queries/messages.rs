//! The queries about text messages.

use domain::messages::language::Language;
use domain::messages::message::MessageState;
use domain::messages::template::{MessageKind, Template};
use store::Page;
use store::messages::outbox::{Filter, Text};
use store::messages::{languages, one_time, outbox, settings, templates};
use store::sales::vouchers::{self, NewVouchers};

use super::Walk;
use crate::isolation::inventory::all_rows_of;
use crate::messages::{keys, new_message, over_http};
use crate::money_things::fixed;
use crate::scene::{NOW, code, id, in_seconds, phone};

const THEIRS: u8 = 0x51;
const OURS: u8 = 0x52;
const HASH: [u8; 32] = [9; 32];

fn template() -> Template {
    let (kind, language) = (MessageKind::VoucherSold, Language::english());
    Template { kind, language, text: "{code} of theirs".to_owned(), changed_at: Some(NOW) }
}

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>) {
    let number = phone("0712345678");
    let mut tx = walk.scene.their_tx().await;
    settings::put(&mut tx, &over_http(), Some(&keys()), NOW).await.expect("put");
    templates::put(&mut tx, &template()).await.expect("put");
    assert!(outbox::enqueue(&mut tx, &new_message(THEIRS, "voucher:1")).await.expect("enqueued"));
    let mut failed = outbox::find(&mut tx, fixed(THEIRS)).await.expect("read").expect("there");
    failed.state = MessageState::Failed;
    outbox::save(&mut tx, &failed, Text::Kept).await.expect("saved");
    let bought = NewVouchers { bought_by: Some(phone("0711222333")), ..walk.scene.theirs.printed() };
    vouchers::insert_codes(&mut tx, &[(id(), code("Bought9"))], &bought).await.expect("inserted");
    languages::note(&mut tx, &number, &Language::swahili(), NOW).await.expect("noted");
    one_time::put(&mut tx, &number, &HASH, in_seconds(600)).await.expect("put");
    tx.commit().await.expect("committed");
    walk.before = all_rows_of(walk.scene, walk.scene.theirs.tenant_id().uuid()).await;
    of_settings(walk).await;
    of_messages(walk).await;

    case_of!(walk, "messages::languages::of", |tx| languages::of(tx, &number).await?.is_none());
    case_of!(walk, "messages::languages::note", |tx| {
        languages::note(tx, &number, &Language::english(), NOW).await?;
        true
    });
    case_of!(walk, "messages::languages::forget", |tx| languages::forget(tx, in_seconds(99)).await? == 1);
    let their_buyer = phone("0711222333");
    case_of!(walk, "messages::one_time::has_bought", |tx| !one_time::has_bought(tx, &their_buyer).await?);
    case_of!(walk, "messages::one_time::lock", |tx| one_time::lock(tx, &number).await?.is_none());
    case_of!(walk, "messages::one_time::note_tries", |tx| {
        one_time::note_tries(tx, &number, 5).await?;
        true
    });
    case_of!(walk, "messages::one_time::remove", |tx| {
        one_time::remove(tx, &number).await?;
        true
    });
    case_of!(walk, "messages::one_time::put", |tx| {
        one_time::put(tx, &number, &HASH, in_seconds(1)).await?;
        true
    });
    case_of!(walk, "messages::one_time::forget", |tx| one_time::forget(tx, in_seconds(9_999)).await? == 1);
}

async fn of_settings(walk: &mut Walk<'_>) {
    case_of!(walk, "messages::settings::find", |tx| settings::find(tx).await?.is_none());
    case_of!(walk, "messages::settings::lock", |tx| settings::lock(tx).await?.is_none());
    case_of!(walk, "messages::settings::keys", |tx| settings::keys(tx).await?.is_none());
    case_of!(walk, "messages::settings::put", |tx| {
        // We have no keys, and theirs are not ours.
        settings::put(tx, &over_http(), None, NOW).await?;
        false
    });
    case_of!(walk, "messages::templates::list", |tx| templates::list(tx).await?.is_empty());
    case_of!(walk, "messages::templates::of_kind", |tx| {
        templates::of_kind(tx, MessageKind::VoucherSold).await?.is_empty()
    });
    case_of!(walk, "messages::templates::put", |tx| {
        templates::put(tx, &Template { text: "{code} of ours".to_owned(), ..template() }).await?;
        true
    });
}

async fn of_messages(walk: &mut Walk<'_>) {
    let (their_id, number) = (fixed(THEIRS), phone("0712345678"));
    let theirs = {
        let mut tx = walk.scene.their_tx().await;
        outbox::find(&mut tx, their_id).await.expect("read").expect("there")
    };
    case_of!(walk, "messages::outbox::find", |tx| outbox::find(tx, their_id).await?.is_none());
    case_of!(walk, "messages::outbox::lock", |tx| outbox::lock(tx, their_id).await?.is_none());
    case_of!(walk, "messages::outbox::text", |tx| outbox::text(tx, their_id).await?.is_none());
    case_of!(walk, "messages::outbox::list", |tx| {
        outbox::list(tx, &Filter::default(), Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "messages::outbox::failed", |tx| outbox::failed(tx, 10).await?.is_empty());
    case_of!(walk, "messages::outbox::asked_since", |tx| {
        let since = NOW.minus(domain::time::Span::minutes(60));
        let mut nothing = outbox::asked_since(tx, MessageKind::VoucherSold, None, since).await?.is_empty();
        nothing &= outbox::asked_since(tx, MessageKind::VoucherSold, Some(&number), since).await?.is_empty();
        nothing
    });
    case_of!(walk, "messages::outbox::save", |tx| {
        outbox::save(tx, &theirs, Text::Forgotten).await?;
        true
    });
    case_of!(walk, "messages::outbox::wake", |tx| {
        outbox::wake(tx, their_id, MessageKind::VoucherSold, &number, NOW).await?;
        true
    });
    case_of!(walk, "messages::outbox::enqueue", |tx| {
        // For the reason that they have had one for: ours is another.
        outbox::enqueue(tx, &new_message(OURS, "voucher:1")).await?
    });
    let later = in_seconds(99);
    case_of!(walk, "messages::outbox::forget", |tx| outbox::forget(tx, later, later).await? == 0);
}
