//! The queries about money.

use domain::money::claim::Receipt;
use domain::money::posting::Account;
use domain::money::{Currency, Money};
use store::Page;
use store::listing::Direction;
use store::money::arrivals::listing as arrivals_listing;
use store::money::gateways::seen;
use store::money::ledger::listing as ledger_listing;
use store::money::payments::listing as payments_listing;
use store::money::{activations, arrivals, callbacks, day, gateways, inquiries, ledger, payments, proof, refunds};
use store::people::subscribers;

use super::Walk;
use crate::isolation::inventory::all_rows_of;
use crate::money_things::{TOKEN, Things, buyer, keys};
use crate::scene::{NOW, id, in_seconds, phone};

const THEIRS: u8 = 0x41;
const OURS: u8 = 0x42;
/// A house of theirs, with a telephone.
const FAR_HOUSE: &str = "far-house-9";

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>) {
    let theirs = Things::of(&walk.scene.theirs, THEIRS);
    let ours = Things::of(&walk.scene.ours, OURS);
    let mut tx = walk.scene.their_tx().await;
    theirs.add(&mut tx, THEIRS).await;
    seen::note_balance_asked(&mut tx, theirs.gateway.id, "AG_theirs").await.expect("asked");
    let mut far = walk.scene.theirs.new_subscriber(id(), FAR_HOUSE);
    far.phone = Some(phone("0799888777"));
    subscribers::insert_many(&mut tx, vec![far]).await.expect("inserted");
    tx.commit().await.expect("committed");
    let mut tx = walk.scene.tx().await;
    // Ours has a gateway and a payment of its own, and nothing has come for it.
    gateways::add(&mut tx, &ours.gateway, &keys(), &TOKEN).await.expect("added");
    payments::add(&mut tx, &ours.payment, &TOKEN).await.expect("added");
    tx.commit().await.expect("committed");
    walk.before = all_rows_of(walk.scene, walk.scene.theirs.tenant_id().uuid()).await;
    of_gateways(walk, &theirs).await;
    of_payments(walk, &theirs).await;
    of_arrivals(walk, &theirs).await;
    of_the_ledger(walk, &theirs, &ours).await;
    of_questions(walk, &theirs).await;
    of_callbacks(walk, &theirs).await;
}

async fn of_gateways(walk: &mut Walk<'_>, theirs: &Things) {
    let their_id = theirs.gateway.id;
    case_of!(walk, "money::gateways::find", |tx| gateways::find(tx, their_id).await?.is_none());
    case_of!(walk, "money::gateways::lock", |tx| gateways::lock(tx, their_id).await?.is_none());
    case_of!(walk, "money::gateways::list", |tx| gateways::list(tx).await?.iter().all(|one| one.id != their_id));
    case_of!(walk, "money::gateways::open", |tx| gateways::open(tx, their_id).await?.is_none());
    case_of!(walk, "money::gateways::change", |tx| {
        gateways::change(tx, &theirs.gateway).await?;
        false
    });
    case_of!(walk, "money::gateways::set_keys", |tx| {
        gateways::set_keys(tx, their_id, &keys()).await?;
        false
    });
    case_of!(walk, "money::gateways::note_pull", |tx| {
        gateways::note_pull(tx, their_id, Some(NOW), None).await?;
        true
    });
    case_of!(walk, "money::gateways::seen::seen", |tx| seen::seen(tx, their_id).await?.is_none());
    case_of!(walk, "money::gateways::seen::note_balance_asked", |tx| {
        seen::note_balance_asked(tx, their_id, "AG_stolen").await?;
        false
    });
    case_of!(walk, "money::gateways::seen::by_conversation", |tx| {
        seen::by_conversation(tx, "AG_theirs").await?.is_none()
    });
    case_of!(walk, "money::gateways::seen::note_balance", |tx| {
        seen::note_balance(tx, their_id, None).await?;
        false
    });
    case_of!(walk, "money::gateways::add", |tx| {
        // Under their shortcode, which is theirs beside ours; but not with their token.
        gateways::add(tx, &theirs.gateway, &keys(), &[THEIRS; 16]).await?;
        false
    });
}

async fn of_payments(walk: &mut Walk<'_>, theirs: &Things) {
    let (their_id, their_phone) = (theirs.payment.id, phone("0712345678"));
    case_of!(walk, "money::payments::find", |tx| payments::find(tx, their_id).await?.is_none());
    case_of!(walk, "money::payments::lock", |tx| payments::lock(tx, their_id).await?.is_none());
    case_of!(walk, "money::payments::load", |tx| payments::load(tx, &[their_id]).await?.is_empty());
    case_of!(walk, "money::payments::list", |tx| {
        payments::list(tx, Page::first(100)).await?.rows.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::listing::search", |tx| {
        let filter =
            payments_listing::Filter { phone: Some(their_phone.clone()), ..payments_listing::Filter::default() };
        let listed = payments_listing::search(tx, &filter, Direction::Down, Page::first(100)).await?;
        listed.rows.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::listing::unpaid_in", |tx| {
        let span = (NOW, in_seconds(9));
        payments_listing::unpaid_in(tx, span).await?.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::listing::named", |tx| {
        let by_reference = payments_listing::named(tx, theirs.payment.reference.expose()).await?;
        let by_checkout = payments_listing::named(tx, theirs.payment.checkout.as_deref().unwrap_or_default()).await?;
        let receipt = theirs.arrival.receipt.as_ref().expect("set").as_str();
        let by_receipt = payments_listing::named(tx, receipt).await?;
        by_reference.is_empty() && by_checkout.is_empty() && by_receipt.is_empty()
    });
    case_of!(walk, "money::payments::of_phone", |tx| {
        payments::of_phone(tx, &their_phone, NOW).await?.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::of_device", |tx| {
        let device = theirs.payment.device.expect("set");
        payments::of_device(tx, device, NOW, 100).await?.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::of_buyer", |tx| {
        payments::of_buyer(tx, &their_phone, 100).await?.iter().all(|one| one.id != their_id)
    });
    case_of!(walk, "money::payments::hold_phone", |tx| {
        payments::hold_phone(tx, &their_phone).await?;
        true
    });
    case_of!(walk, "money::payments::hold_receipt", |tx| {
        payments::hold_receipt(tx, "UAF3K7Q2ZD").await?;
        true
    });
    case_of!(walk, "money::payments::by_token", |tx| payments::by_token(tx, &[THEIRS; 16]).await?.is_none());
    case_of!(walk, "money::payments::token_of", |tx| payments::token_of(tx, their_id).await?.is_none());
    case_of!(walk, "money::payments::by_checkout", |tx| {
        payments::by_checkout(tx, theirs.payment.checkout.as_deref().unwrap_or_default()).await?.is_none()
    });
    case_of!(walk, "money::payments::by_reference", |tx| {
        payments::by_reference(tx, theirs.payment.reference.expose()).await?.is_empty()
    });
    case_of!(walk, "money::payments::waiting", |tx| {
        payments::waiting(tx, theirs.gateway.id, NOW).await?.is_empty()
    });
    case_of!(walk, "money::payments::due", |tx| {
        payments::due(tx, in_seconds(9), 100).await?.iter().all(|one| *one != their_id)
    });
    case_of!(walk, "money::payments::unproven", |tx| payments::unproven(tx, in_seconds(9), 100).await?.is_empty());
    case_of!(walk, "money::payments::save", |tx| {
        payments::save(tx, &theirs.payment, NOW).await?;
        false
    });
    case_of!(walk, "money::payments::history", |tx| payments::history(tx, their_id).await?.is_empty());
    case_of!(walk, "money::payments::add", |tx| {
        // With their gateway, plan and router.
        payments::add(tx, &theirs.payment, &[THEIRS; 16]).await?;
        false
    });
    case_of!(walk, "money::activations::find", |tx| activations::find(tx, their_id).await?.is_none());
    case_of!(walk, "money::activations::add", |tx| {
        activations::add(tx, &theirs.activation).await?;
        false
    });
}

async fn of_arrivals(walk: &mut Walk<'_>, theirs: &Things) {
    let their_id = theirs.arrival.id;
    let receipt: Receipt = theirs.arrival.receipt.clone().expect("set");
    case_of!(walk, "money::arrivals::find", |tx| arrivals::find(tx, their_id).await?.is_none());
    case_of!(walk, "money::arrivals::lock", |tx| arrivals::lock(tx, their_id).await?.is_none());
    case_of!(walk, "money::arrivals::by_receipt", |tx| {
        arrivals::by_receipt(tx, theirs.gateway.id, &receipt).await?.is_none()
    });
    case_of!(walk, "money::arrivals::of_payment", |tx| {
        arrivals::of_payment(tx, theirs.payment.id).await?.is_empty()
    });
    case_of!(walk, "money::arrivals::list", |tx| arrivals::list(tx, None, Page::first(10)).await?.rows.is_empty());
    case_of!(walk, "money::arrivals::listing::search", |tx| {
        let filter =
            arrivals_listing::Filter { gateway: Some(theirs.gateway.id), ..arrivals_listing::Filter::default() };
        arrivals_listing::search(tx, &filter, Direction::Down, Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "money::arrivals::listing::load", |tx| arrivals_listing::load(tx, &[their_id]).await?.is_empty());
    case_of!(walk, "money::day::paid_in", |tx| {
        day::paid_in(tx, (NOW, in_seconds(9)), Page::first(100)).await?.rows.is_empty()
    });
    case_of!(walk, "money::arrivals::listing::named", |tx| arrivals_listing::named(tx, &receipt).await?.is_empty());
    case_of!(walk, "money::arrivals::notes", |tx| arrivals::notes(tx, their_id).await?.is_empty());
    case_of!(walk, "money::arrivals::save", |tx| {
        arrivals::save(tx, &theirs.arrival).await?;
        false
    });
    case_of!(walk, "money::arrivals::note", |tx| {
        arrivals::note(tx, &theirs.note).await?;
        false
    });
    case_of!(walk, "money::arrivals::add", |tx| {
        arrivals::add(tx, &theirs.arrival).await?;
        false
    });
    case_of!(walk, "money::arrivals::subscribers_named", |tx| {
        arrivals::subscribers_named(tx, "FARHOUSE9").await?.is_empty()
    });
    case_of!(walk, "money::arrivals::names_near", |tx| {
        !arrivals::names_near(tx, "").await?.contains(&FAR_HOUSE.to_owned())
    });
    case_of!(walk, "money::arrivals::subscribers_with_phone", |tx| {
        let theirs = arrivals::subscribers_with_phone(tx, &phone("0799888777")).await?;
        theirs.is_empty()
    });
    case_of!(walk, "money::arrivals::is_phone_known", |tx| {
        // Ours knows one number by its own payment, and no other.
        arrivals::is_phone_known(tx, &phone("0712345678")).await?
            && !arrivals::is_phone_known(tx, &phone("0799888777")).await?
    });
}

async fn of_the_ledger(walk: &mut Walk<'_>, theirs: &Things, ours: &Things) {
    let nothing = Money::from_minor(0, Currency::KES);
    case_of!(walk, "money::ledger::in_wallet", |tx| {
        ledger::in_wallet(tx, &buyer(), Currency::KES).await? == nothing
    });
    case_of!(walk, "money::ledger::balance", |tx| {
        ledger::balance(tx, &Account::Wallet(buyer()), Currency::KES).await? == nothing
            && ledger::balance(tx, &Account::Gateway(theirs.gateway.id), Currency::KES).await? == nothing
    });
    case_of!(walk, "money::ledger::audit", |tx| {
        let whole = ledger::audit(tx).await?;
        whole.entries == 0 && whole.is_whole()
    });
    case_of!(walk, "money::ledger::of_payment", |tx| ledger::of_payment(tx, theirs.payment.id).await?.is_empty());
    case_of!(walk, "money::ledger::of_arrival", |tx| ledger::of_arrival(tx, theirs.arrival.id).await?.is_empty());
    case_of!(walk, "money::ledger::listing::search", |tx| {
        let all = ledger_listing::Filter::default();
        ledger_listing::search(tx, &all, Direction::Down, Page::first(100)).await?.rows.is_empty()
    });
    case_of!(walk, "money::ledger::listing::statement", |tx| {
        ledger_listing::statement(tx, &buyer(), Page::first(100)).await?.rows.is_empty()
    });
    case_of!(walk, "money::ledger::listing::wallets", |tx| {
        let all = ledger_listing::wallets(tx, None, Page::first(100)).await?.rows;
        let one = ledger_listing::wallets(tx, Some(&buyer()), Page::first(100)).await?.rows;
        all.is_empty() && one.iter().all(|wallet| wallet.balance == nothing)
    });
    case_of!(walk, "money::ledger::post", |tx| {
        // Into their gateway.
        ledger::post(tx, &ours.entry_of(Account::Gateway(theirs.gateway.id), 5)).await?;
        false
    });
    case_of!(walk, "money::proof::digest", |tx| {
        let digest = proof::digest(tx, NOW, in_seconds(9)).await?;
        (digest.entries, digest.notes) == (0, 0)
    });
    case_of!(walk, "money::proof::last", |tx| proof::last(tx).await?.is_none());
    case_of!(walk, "money::proof::first_open", |tx| proof::first_open(tx, None).await?.is_none());
    case_of!(walk, "money::proof::days", |tx| proof::days(tx, 0).await?.is_empty());
    case_of!(walk, "money::proof::verify", |tx| proof::verify(tx).await?.days == 0);
    case_of!(walk, "money::proof::close", |tx| {
        // A day of our own, of the same place as theirs.
        proof::close(tx, &theirs.day).await?;
        proof::days(tx, 0).await?.len() == 1
    });
}

async fn of_questions(walk: &mut Walk<'_>, theirs: &Things) {
    let (inquiry, refund) = (&theirs.inquiry, &theirs.refund);
    case_of!(walk, "money::inquiries::find", |tx| inquiries::find(tx, inquiry.id).await?.is_none());
    case_of!(walk, "money::inquiries::due", |tx| inquiries::due(tx, in_seconds(9), 10).await?.is_empty());
    case_of!(walk, "money::inquiries::by_conversation", |tx| {
        inquiries::by_conversation(tx, &format!("AG_Q{THEIRS}")).await?.is_none()
    });
    case_of!(walk, "money::inquiries::note_asked", |tx| {
        inquiries::note_asked(tx, inquiry.id, Some("ours"), NOW).await?;
        true
    });
    case_of!(walk, "money::inquiries::finish", |tx| {
        inquiries::finish(tx, inquiry.id, "done").await?;
        true
    });
    case_of!(walk, "money::inquiries::finish_receipt", |tx| {
        inquiries::finish_receipt(tx, inquiry.gateway, &inquiry.receipt, "done").await?;
        true
    });
    case_of!(walk, "money::inquiries::ask", |tx| {
        // Of their gateway.
        inquiries::ask(tx, inquiry).await?;
        false
    });
    case_of!(walk, "money::refunds::find", |tx| refunds::find(tx, refund.id).await?.is_none());
    case_of!(walk, "money::refunds::of_arrival", |tx| refunds::of_arrival(tx, theirs.arrival.id).await?.is_empty());
    case_of!(walk, "money::refunds::lock", |tx| refunds::lock(tx, refund.id).await?.is_none());
    case_of!(walk, "money::refunds::by_conversation", |tx| {
        refunds::by_conversation(tx, refund.conversation.as_deref().unwrap_or_default()).await?.is_none()
    });
    case_of!(walk, "money::refunds::save", |tx| {
        refunds::save(tx, refund).await?;
        true
    });
    case_of!(walk, "money::refunds::add", |tx| {
        refunds::add(tx, refund).await?;
        false
    });
}

async fn of_callbacks(walk: &mut Walk<'_>, theirs: &Things) {
    let their_id = theirs.callback.id;
    case_of!(walk, "money::callbacks::due", |tx| callbacks::due(tx, in_seconds(9), 10).await?.is_empty());
    case_of!(walk, "money::callbacks::finish", |tx| {
        callbacks::finish(tx, their_id, "done").await?;
        true
    });
    case_of!(walk, "money::callbacks::postpone", |tx| {
        callbacks::postpone(tx, their_id, in_seconds(9)).await?;
        true
    });
    case_of!(walk, "money::callbacks::of_prompt", |tx| {
        let token = theirs.callback.prompt_token.expect("of a prompt");
        callbacks::of_prompt(tx, &token).await?.is_empty()
    });
    case_of!(walk, "money::callbacks::outcome", |tx| callbacks::outcome(tx, their_id).await?.is_none());
    case_of!(walk, "money::callbacks::waiting", |tx| callbacks::waiting(tx).await? == 0);
    case_of!(walk, "money::callbacks::forget", |tx| callbacks::forget(tx, in_seconds(1_000_000)).await? == 0);
    case_of!(walk, "money::callbacks::keep", |tx| {
        let mut callback = theirs.callback.clone();
        callback.id = id();
        // To their gateway.
        callbacks::keep(tx, &callback).await?;
        false
    });
}
