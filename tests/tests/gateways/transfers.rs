//! Money that people send by themselves: told, asked about, and found in the books.

use domain::money::claim::{CallbackKind, Claim, Transfer};
use domain::time::Span;
use payments::mpesa::{BaseAddress, Confirmations, MemoryShelf, Mpesa, MpesaSettings};
use ports::gateway::Answer;
use ports::{Clock, Gateway as _};
use sha2::{Digest as _, Sha256};
use simulators::mpesa::{Business, Call, CannotPay, Faults, Mishap, PullsBy, Rules};
use std::sync::Arc;
use tests::world::StoryClock;

use crate::stage::{PAYBILL, Stage, account_of, ksh};

const NUMBER: &str = "254708374149";

fn transfers(stage: &Stage, kind: CallbackKind) -> Vec<Transfer> {
    let transfer = |claim| match claim {
        Claim::Transfer(transfer) => Some(transfer),
        Claim::Prompt { .. } | Claim::Result { .. } => None,
    };
    stage.ear.claims(kind).into_iter().filter_map(transfer).collect()
}

#[tokio::test]
async fn a_transfer_by_hand_is_told_with_what_its_payer_typed() {
    let stage = Stage::open().await;
    assert_eq!(stage.adapter.register(&stage.account).await, Answer::Said(()));

    let receipt = stage.twin.pays_by_hand(NUMBER, PAYBILL, "ppp-1042 ", 350).await.expect("there is money");
    stage.passes(5).await;

    let told = transfers(&stage, CallbackKind::Confirmation);
    let [transfer] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((transfer.receipt.as_str(), transfer.amount), (receipt.as_str(), ksh(350)));
    assert_eq!((transfer.shortcode.as_str(), transfer.account.as_str()), (PAYBILL, "ppp-1042"));
    assert_eq!(transfer.payer.phone.as_deref(), Some("2547 ***** 149"));
    assert_eq!(transfer.payer.name.as_deref(), Some("JANE"));
    assert!(transfers(&stage, CallbackKind::Validation).is_empty(), "nobody is asked unless the business wants it");
}

#[tokio::test]
async fn the_first_version_tells_payers_by_the_hash_of_their_number() {
    let stage = Stage::open().await;
    let clock: Arc<dyn Clock> = Arc::<StoryClock>::clone(&stage.clock);
    let base: BaseAddress = stage.twin.base().parse().expect("loopback");
    let settings = MpesaSettings { confirmations: Confirmations::Hashed, ..MpesaSettings::at(&base, None) };
    let hashing = Mpesa::new(settings, Arc::new(MemoryShelf::default()), clock).expect("ready");
    assert_eq!(hashing.register(&stage.account).await, Answer::Said(()));

    stage.twin.pays_by_hand(NUMBER, PAYBILL, "ppp1042", 350).await.expect("there is money");
    stage.passes(5).await;

    let told = transfers(&stage, CallbackKind::Confirmation);
    assert_eq!(told[0].payer.phone, Some(hex::encode(Sha256::digest(NUMBER))));
}

#[tokio::test]
async fn addresses_are_registered_once_and_staff_is_told_how_to_change_them() {
    let stage = Stage::open().await;

    let first = stage.adapter.register(&stage.account).await;
    let second = stage.adapter.register(&stage.account).await;
    stage.twin.next_goes_wrong(Call::Register, Mishap::error(500, "500.003.1001", "Duplicate notification info"));
    let elsewhere = stage.adapter.register(&stage.account).await;

    assert_eq!(first, Answer::Said(()));
    assert!(matches!(&second, Answer::No(failure) if failure.words.contains("delete the old addresses")), "{second:?}");
    assert!(matches!(&elsewhere, Answer::No(failure) if failure.words.contains("another platform")), "{elsewhere:?}");
}

#[tokio::test]
async fn a_business_that_is_asked_may_say_no_and_then_nothing_moves() {
    let stage = Stage::open().await;
    stage.twin.opens(Business { validates: true, ..Business::paybill("Sunrise Net", PAYBILL) });
    assert_eq!(stage.adapter.register(&stage.account).await, Answer::Said(()));

    let taken = stage.twin.pays_by_hand(NUMBER, PAYBILL, "ppp1042", 350).await;
    stage.ear.rejects();
    let rejected = stage.twin.pays_by_hand(NUMBER, PAYBILL, "nobody", 350).await;
    stage.passes(5).await;

    assert!(taken.is_ok());
    assert_eq!(rejected, Err(CannotPay::Rejected));
    assert_eq!(transfers(&stage, CallbackKind::Validation).len(), 2);
    assert_eq!(transfers(&stage, CallbackKind::Confirmation).len(), 1);
    assert_eq!(stage.twin.books().total(PAYBILL), ksh(350));
}

#[tokio::test]
async fn a_till_is_told_without_an_account() {
    let stage = Stage::open().await;
    let business = Business::till("Corner Cafe", "600100", "512345");
    stage.twin.opens(business.clone());
    let account = account_of(&business, &stage.ear.base);
    assert_eq!(stage.adapter.register(&account).await, Answer::Said(()));

    stage.twin.pays_by_hand(NUMBER, "512345", "typed anyway", 50).await.expect("there is money");
    stage.passes(5).await;

    let told = transfers(&stage, CallbackKind::Confirmation);
    assert_eq!((told[0].shortcode.as_str(), told[0].account.as_str()), ("512345", ""));
}

#[tokio::test]
async fn a_transfer_that_never_was_is_told_like_any_other_and_is_not_in_the_books() {
    let stage = Stage::open().await;
    assert_eq!(stage.adapter.register(&stage.account).await, Answer::Said(()));

    let receipt = stage.twin.forges_transfer(PAYBILL, "ppp1042", 5_000).await.expect("heard");

    let told = transfers(&stage, CallbackKind::Confirmation);
    assert_eq!(told[0].receipt.as_str(), receipt);
    let between = (stage.now().minus(Span::minutes(60)), stage.now().plus(Span::minutes(60)));
    assert_eq!(stage.adapter.transfers(&stage.account, between, 0).await, Answer::Said(Vec::new()));
}

#[tokio::test]
async fn what_nobody_was_told_of_is_found_in_the_books_page_by_page() {
    let stage = Stage::open().await;
    assert_eq!(stage.adapter.register(&stage.account).await, Answer::Said(()));
    stage.twin.goes_wrong(Faults { lost: 1.0, ..Faults::default() });
    for number in 0..250 {
        stage.twin.pays_by_hand(NUMBER, PAYBILL, &format!("ppp{number}"), 10 + number).await.expect("there is money");
        stage.passes(1).await;
    }
    stage.passes(60).await;

    let between = (stage.now().minus(Span::minutes(60)), stage.now());
    let mut found = Vec::new();
    loop {
        let skip = u32::try_from(found.len()).expect("few");
        let Answer::Said(page) = stage.adapter.transfers(&stage.account, between, skip).await else {
            panic!("no books")
        };
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }

    assert!(stage.ear.heard().is_empty());
    let books = stage.twin.books();
    let truth: Vec<(&str, i64)> = books.taken.iter().map(|one| (one.receipt.as_str(), one.amount.minor())).collect();
    let read: Vec<(&str, i64)> = found.iter().map(|one| (one.receipt.as_str(), one.amount.minor())).collect();
    assert_eq!(read, truth);
    assert_eq!(found[7].account, "ppp7");
}

#[tokio::test]
async fn the_books_go_back_two_days_and_are_the_isps_own() {
    let stage = Stage::open().await;
    let closed = Business { pulls: false, ..Business::paybill("Other Net", "600500") };
    stage.twin.opens(closed.clone());
    stage.twin.pays_by_hand(NUMBER, PAYBILL, "old", 10).await.expect("there is money");
    stage.passes(49 * 3_600).await;
    stage.twin.pays_by_hand(NUMBER, "600500", "theirs", 11).await.expect("there is money");
    stage.twin.pays_by_hand(NUMBER, PAYBILL, "new", 12).await.expect("there is money");

    let between = (stage.now().minus(Span::minutes(3 * 24 * 60)), stage.now());
    let found = stage.adapter.transfers(&stage.account, between, 0).await;
    let refused = stage.adapter.transfers(&account_of(&closed, &stage.ear.base), between, 0).await;

    let Answer::Said(found) = found else { panic!("{found:?}") };
    assert_eq!(found.iter().map(|one| one.account.as_str()).collect::<Vec<_>>(), ["new"]);
    assert!(matches!(refused, Answer::No(_)), "{refused:?}");
}

#[tokio::test]
async fn how_the_books_are_asked_for_is_learnt_once() {
    let stage = Stage::open().await;
    stage.twin.rules(Rules { pulls_by: PullsBy::Get, ..Rules::default() });
    stage.twin.pays_by_hand(NUMBER, PAYBILL, "ppp1042", 10).await.expect("there is money");
    let between = (stage.now().minus(Span::minutes(60)), stage.now());

    let first = stage.adapter.transfers(&stage.account, between, 0).await;
    let asked_first = stage.twin.heard(Call::Pull);
    let second = stage.adapter.transfers(&stage.account, between, 0).await;

    assert!(matches!(&first, Answer::Said(rows) if rows.len() == 1), "{first:?}");
    assert_eq!(first, second);
    assert_eq!((asked_first, stage.twin.heard(Call::Pull)), (2, 3));
}

#[tokio::test]
async fn a_picture_is_one_that_browsers_show() {
    let stage = Stage::open().await;
    let till = Business::till("Corner Cafe", "600100", "512345");
    stage.twin.opens(till.clone());

    let picture = stage.adapter.picture(&stage.account, "Sunrise Net", "H7K2M9QX", ksh(20)).await;
    let of_till = stage.adapter.picture(&account_of(&till, &stage.ear.base), "Corner Cafe", "COFFEE", ksh(50)).await;
    stage.twin.next_goes_wrong(
        Call::Picture,
        Mishap::Answers { status: 200, body: r#"{"QRCode":"PHNjcmlwdD4="}"#.to_owned() },
    );
    let script = stage.adapter.picture(&stage.account, "Sunrise Net", "H7K2M9QX", ksh(20)).await;

    assert!(matches!(&picture, Answer::Said(octets) if octets.starts_with(b"\x89PNG")), "{picture:?}");
    assert!(matches!(of_till, Answer::Said(_)), "{of_till:?}");
    assert!(matches!(script, Answer::NotNow { .. }), "nothing but a picture is passed on: {script:?}");
}
