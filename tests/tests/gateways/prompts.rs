//! Prompts: from the push to the callback and the look-up, for everything that somebody with a telephone can do.

use domain::money::claim::{CallbackKind, Claim, Ended, FailureKind};
use ports::gateway::{Answer, Prompted};
use simulators::mpesa::{Business, CannotPay, Manner};

use crate::stage::{Stage, account_of, failure, is_open, is_paid, ksh, token_of};

const JANE: &str = "254712345620";

#[tokio::test]
async fn who_accepts_has_paid_and_both_ways_of_knowing_say_so() {
    let stage = Stage::open().await;

    let checkout = stage.sent(JANE, "H7K2M9QX").await;
    let seen = stage.twin.pending_prompts();
    let before = stage.look_up(&checkout).await;
    stage.twin.accept(JANE).expect("a prompt is open");
    stage.passes(5).await;

    assert_eq!((seen.len(), seen[0].business.as_str(), seen[0].amount), (1, "Sunrise Net", ksh(20)));
    assert_eq!((seen[0].account.as_str(), seen[0].checkout.as_str()), ("H7K2M9QX", checkout.as_str()));
    assert!(is_open(&before), "{before:?}");
    assert!(is_paid(&stage.look_up(&checkout).await));
    let books = stage.twin.books();
    let taken = books.of_prompt(&checkout).expect("the money moved");
    let heard = stage.ear.heard();
    let [callback] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(callback.path.ends_with(&format!("/{}/p", token_of("H7K2M9QX"))), "{}", callback.path);
    let Claim::Prompt { checkout: told, ended: Ended::Paid { receipt, amount, at, payer } } = &callback.claim else {
        panic!("{callback:?}")
    };
    assert_eq!((told, amount), (&checkout, &Some(ksh(20))));
    assert_eq!(receipt.as_ref().map(|receipt| receipt.as_str()), Some(taken.receipt.as_str()));
    assert_eq!(at.map(|at| at.as_seconds()), Some(taken.at.as_seconds()));
    assert_eq!(payer.phone.as_deref(), Some(JANE));
    assert_eq!(stage.twin.money_on(JANE), Some(ksh(100_000 - 20)));
}

#[tokio::test]
async fn who_refuses_or_mistypes_or_does_nothing_has_not_paid() {
    let stage = Stage::open().await;
    stage.twin.adds_phone(JANE, 500, "4711", Manner::Decides);

    for (number, expected) in [(0, FailureKind::Cancelled), (1, FailureKind::WrongPin), (2, FailureKind::Unreachable)] {
        let checkout = stage.sent(JANE, &format!("REFUSED{number}")).await;
        match number {
            0 => stage.twin.refuse(JANE).expect("open"),
            1 => stage.twin.types(JANE, "0000").expect("open"),
            _ => stage.passes(60).await,
        }
        stage.passes(5).await;

        let looked_up = stage.look_up(&checkout).await;
        assert!(matches!(&looked_up, Answer::Said(ended) if failure(ended) == Some(expected)), "{looked_up:?}");
        assert_eq!(stage.endings().last().and_then(failure), Some(expected));
    }
    assert_eq!(stage.twin.accept(JANE), Err(CannotPay::NoPrompt));
    assert_eq!(stage.twin.money_on(JANE), Some(ksh(500)));
    assert!(stage.twin.books().taken.is_empty());
}

#[tokio::test]
async fn the_right_pin_pays_only_what_is_there() {
    let stage = Stage::open().await;
    stage.twin.adds_phone(JANE, 19, "4711", Manner::Decides);

    stage.sent(JANE, "POOR").await;
    stage.twin.types(JANE, "4711").expect("open");
    stage.passes(5).await;

    assert_eq!(stage.endings().last().and_then(failure), Some(FailureKind::NoFunds));
    assert_eq!(stage.twin.money_on(JANE), Some(ksh(19)));
}

/// The list of what a fake M-Pesa must do, by the last two digits of a number.
#[tokio::test]
async fn each_scripted_telephone_does_what_its_number_says() {
    for (ending, callbacks, expected) in [
        ("00", 1, None),
        ("01", 1, Some(FailureKind::Cancelled)),
        ("02", 1, Some(FailureKind::NoFunds)),
        ("03", 1, Some(FailureKind::Unreachable)),
        ("04", 0, None),
        ("05", 2, None),
        ("06", 1, None),
        ("10", 1, None),
        ("11", 1, Some(FailureKind::Misconfigured)),
        ("14", 1, Some(FailureKind::WrongPin)),
        ("15", 1, Some(FailureKind::Unreachable)),
    ] {
        let stage = Stage::open().await;

        let checkout = stage.sent(&format!("2547123456{ending}"), "SCRIPTED").await;
        stage.passes(90).await;

        let (endings, looked_up) = (stage.endings(), stage.look_up(&checkout).await);
        assert_eq!(endings.len(), callbacks, "{ending}: {endings:?}");
        assert!(endings.iter().all(|ended| failure(ended) == expected), "{ending}: {endings:?}");
        match expected {
            None => assert!(is_paid(&looked_up), "{ending}: {looked_up:?}"),
            Some(kind) => {
                assert!(
                    matches!(&looked_up, Answer::Said(ended) if failure(ended) == Some(kind)),
                    "{ending}: {looked_up:?}"
                );
            }
        }
        assert_eq!(stage.twin.books().of_prompt(&checkout).is_some(), expected.is_none(), "{ending}");
        let told_wrong = matches!(endings.first(), Some(Ended::Paid { amount, .. }) if *amount != Some(ksh(20)));
        assert_eq!(told_wrong, ending == "10", "{ending}: {endings:?}");
    }
}

#[tokio::test]
async fn a_callback_that_comes_twice_says_the_same_twice() {
    let stage = Stage::open().await;

    stage.sent("254712345605", "TWICE").await;
    stage.passes(10).await;

    let endings = stage.endings();
    assert_eq!(endings.len(), 2);
    assert_eq!(endings[0], endings[1]);
    assert_eq!(stage.twin.books().taken.len(), 1);
}

#[tokio::test]
async fn a_callback_may_come_after_five_minutes() {
    let stage = Stage::open().await;

    let checkout = stage.sent("254712345607", "LATE").await;
    stage.passes(60).await;
    let early = stage.endings().len();
    let looked_up = stage.look_up(&checkout).await;
    stage.passes(5 * 60).await;

    assert_eq!(early, 0);
    assert!(is_paid(&looked_up), "{looked_up:?}");
    assert_eq!(stage.endings().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_the_token_in_the_callbacks_address() {
    let stage = Stage::open().await;

    let prompted = stage.prompt("254712345613", "LOSTLOST").await;
    stage.passes(10).await;

    assert!(matches!(prompted, Prompted::Unknown { .. }), "{prompted:?}");
    let heard = stage.ear.heard();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].path.ends_with(&format!("/{}/p", token_of("LOSTLOST"))), "{}", heard[0].path);
    assert!(matches!(&heard[0].claim, Claim::Prompt { ended: Ended::Paid { .. }, .. }));
    assert_eq!(stage.twin.prompts().len(), 1);
}

#[tokio::test]
async fn callbacks_that_find_nobody_are_lost_and_the_look_up_knows_all_the_same() {
    let stage = Stage::open().await;

    let lost = stage.sent("254712345600", "AWAY").await;
    stage.twin.tells("127.0.0.1:9".parse().ok());
    stage.passes(10).await;
    stage.twin.tells(None);
    stage.sent("254722345600", "BACK").await;
    stage.passes(10).await;

    let told: Vec<Option<u16>> = stage.twin.told().iter().map(|told| told.status).collect();
    assert_eq!(told, [None, Some(200)]);
    assert_eq!(stage.endings().len(), 1);
    assert!(is_paid(&stage.look_up(&lost).await));
}

#[tokio::test]
async fn a_busy_telephone_a_spike_and_a_page_put_nothing_on_it() {
    let stage = Stage::open().await;

    let busy = stage.prompt("254712345608", "BUSY").await;
    let spike = stage.prompt("254712345609", "SPIKE").await;
    let page = stage.prompt("254712345612", "PAGE").await;

    assert!(matches!(&busy, Prompted::Refused(failure) if failure.kind == FailureKind::Busy), "{busy:?}");
    assert!(matches!(spike, Prompted::NotNow { .. }), "{spike:?}");
    // A page may come from behind M-Pesa's door: it might have been done.
    assert!(matches!(page, Prompted::Unknown { .. }), "{page:?}");
    assert!(stage.twin.prompts().is_empty());
}

#[tokio::test]
async fn one_telephone_has_one_prompt_and_the_same_amount_waits_two_minutes() {
    let stage = Stage::open().await;

    stage.sent(JANE, "FIRST").await;
    let second = stage.prompt(JANE, "SECOND").await;
    stage.twin.accept(JANE).expect("open");
    stage.passes(30).await;
    stage.sent(JANE, "THIRD").await;
    stage.twin.accept(JANE).expect("open");
    stage.passes(120).await;
    stage.sent(JANE, "FOURTH").await;
    stage.twin.accept(JANE).expect("open");
    stage.passes(5).await;

    assert!(matches!(&second, Prompted::Refused(failure) if failure.kind == FailureKind::Busy), "{second:?}");
    let endings: Vec<Option<FailureKind>> = stage.endings().iter().map(failure).collect();
    assert_eq!(endings, [None, Some(FailureKind::TooSoon), None]);
}

#[tokio::test]
async fn a_till_is_paid_through_its_store_and_a_wrong_till_is_told() {
    let stage = Stage::open().await;
    let business = Business::till("Corner Cafe", "600100", "512345");
    stage.twin.opens(business.clone());
    let right = account_of(&business, &stage.ear.base);
    let wrong = account_of(&Business { till: Some("599999".to_owned()), ..business.clone() }, &stage.ear.base);
    let paybill = account_of(&Business { till: None, ..business }, &stage.ear.base);

    for (account, number) in [(&right, "254712345600"), (&wrong, "254722345600"), (&paybill, "254732345600")] {
        let prompted = stage.prompt_with(&stage.adapter, account, number, ksh(50), "COFFEE").await;
        assert!(matches!(prompted, Prompted::Sent { .. }), "{prompted:?}");
        stage.passes(10).await;
    }

    let endings: Vec<Option<FailureKind>> = stage.endings().iter().map(failure).collect();
    assert_eq!(endings, [None, Some(FailureKind::Misconfigured), Some(FailureKind::Misconfigured)]);
    assert_eq!(stage.twin.books().total("600100"), ksh(50));
}

#[tokio::test]
async fn with_confirmations_one_payment_is_told_twice_under_one_receipt() {
    use ports::Gateway as _;
    let stage = Stage::open().await;
    assert_eq!(stage.adapter.register(&stage.account).await, Answer::Said(()));

    stage.sent("254712345606", "CONFIRMD").await;
    stage.passes(20).await;

    let heard = stage.ear.heard();
    let kinds: Vec<CallbackKind> = heard.iter().map(|heard| heard.kind).collect();
    assert_eq!(kinds, [CallbackKind::Confirmation, CallbackKind::Prompt], "the confirmation comes first");
    let Claim::Transfer(transfer) = &heard[0].claim else { panic!("{heard:?}") };
    let Claim::Prompt { ended: Ended::Paid { receipt, .. }, .. } = &heard[1].claim else { panic!("{heard:?}") };
    assert_eq!(Some(&transfer.receipt), receipt.as_ref());
    assert_eq!((transfer.account.as_str(), transfer.amount), ("CONFIRMD", ksh(20)));
}

#[tokio::test]
async fn what_m_pesa_cannot_take_is_refused_without_asking_it() {
    let stage = Stage::open().await;

    for (number, amount) in [(JANE, ksh(0)), (JANE, ksh(250_001)), ("0208374149", ksh(20)), ("+255708374149", ksh(20))]
    {
        let prompted = stage.prompt_with(&stage.adapter, &stage.account, number, amount, "NEVER").await;
        assert!(matches!(prompted, Prompted::Refused(_)), "{number} {amount}: {prompted:?}");
    }

    assert_eq!(stage.twin.heard(simulators::mpesa::Call::Prompt), 0);
}
