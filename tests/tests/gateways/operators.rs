//! What an operator of the ISP asks: receipts, money back, balances. Answers come later.

use std::sync::Arc;

use domain::money::claim::{CallbackKind, Claim, FailureKind, Receipt, ResultSaid, Standing};
use domain::money::gateway::GatewayAccount;
use payments::mpesa::{MemoryShelf, Mpesa, MpesaSettings};
use ports::gateway::Answer;
use ports::{Clock, Gateway as _};
use simulators::mpesa::{Business, Call, Faults, Mishap};

use crate::stage::{PAYBILL, Stage, account_of, ksh};

const NUMBER: &str = "254712345620";

async fn paid(stage: &Stage) -> Receipt {
    let receipt = stage.twin.pays_by_hand(NUMBER, PAYBILL, "ppp1042", 20).await.expect("there is money");
    receipt.parse().expect("a receipt")
}

/// What becomes of an answer that was promised.
async fn settled<T: std::fmt::Debug>(stage: &Stage, answer: Answer<T>) -> ResultSaid {
    let conversation = match &answer {
        Answer::Later { conversation } => Some(conversation.clone()),
        Answer::Said(_) | Answer::No(_) | Answer::NotNow { .. } | Answer::Unable { .. } => None,
    };
    assert!(conversation.is_some(), "not promised: {answer:?}");
    let conversation = conversation.unwrap_or_default();
    assert_eq!(stage.result(&conversation), None, "it comes later");
    stage.passes(5).await;
    stage.result(&conversation).expect("it came")
}

async fn standing(stage: &Stage, account: &GatewayAccount, receipt: &Receipt) -> ResultSaid {
    let answer = stage.adapter.look_up_receipt(account, receipt, stage.now()).await;
    settled(stage, answer).await
}

#[tokio::test]
async fn money_that_came_is_told_whole() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;

    let said = standing(&stage, &stage.account, &receipt).await;

    let ResultSaid::Money(Standing::Arrived(transfer)) = said else { panic!("{said:?}") };
    assert_eq!((&transfer.receipt, transfer.amount), (&receipt, ksh(20)));
    assert_eq!(transfer.shortcode.as_str(), PAYBILL);
    let taken = stage.twin.books().of(receipt.as_str()).cloned().expect("it moved");
    assert_eq!(transfer.at.map(|at| at.as_seconds()), Some(taken.at.as_seconds()));
    assert_eq!(transfer.payer.phone.as_deref(), Some("2547 ***** 620"));
}

#[tokio::test]
async fn money_that_never_moved_or_is_anothers_proves_nothing() {
    let stage = Stage::open().await;
    let business = Business::paybill("Other Net", "600500");
    stage.twin.opens(business.clone());
    let other = account_of(&business, &stage.ear.base);
    let receipt = paid(&stage).await;

    let made_up = standing(&stage, &stage.account, &"UAF3K7Q2ZD".parse().expect("good")).await;
    let foreign = standing(&stage, &other, &receipt).await;

    assert!(matches!(made_up, ResultSaid::Money(Standing::Never { .. })), "{made_up:?}");
    assert!(matches!(foreign, ResultSaid::Money(Standing::Never { .. })), "{foreign:?}");
}

#[tokio::test]
async fn money_is_given_back_once_however_often_it_is_asked() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;

    let once = stage.adapter.reverse(&stage.account, &receipt, ksh(20), "plan was gone", stage.now()).await;
    let once = settled(&stage, once).await;
    let again = stage.adapter.reverse(&stage.account, &receipt, ksh(20), "plan was gone", stage.now()).await;
    let again = settled(&stage, again).await;

    let taken = stage.twin.books().of(receipt.as_str()).cloned().expect("it moved");
    assert_eq!(once, ResultSaid::Done(taken.reversed.and_then(|number| number.parse().ok())));
    assert_eq!(again, ResultSaid::Done(None));
    assert_eq!(stage.twin.money_on(NUMBER), Some(ksh(100_000)));
    assert_eq!(stage.twin.books().total(PAYBILL), ksh(0));
    let said = standing(&stage, &stage.account, &receipt).await;
    assert!(matches!(said, ResultSaid::Money(Standing::Reversed(_))), "{said:?}");
}

#[tokio::test]
async fn what_a_payer_got_back_from_m_pesa_is_seen_when_it_is_looked_up() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;

    assert!(stage.twin.gives_back(receipt.as_str()));

    let said = standing(&stage, &stage.account, &receipt).await;
    assert!(matches!(said, ResultSaid::Money(Standing::Reversed(_))), "{said:?}");
}

#[tokio::test]
async fn a_balance_is_what_came() {
    let stage = Stage::open().await;
    paid(&stage).await;

    let answer = stage.adapter.balance(&stage.account, stage.now()).await;
    let said = settled(&stage, answer).await;

    let ResultSaid::Balance(accounts) = said else { panic!("{said:?}") };
    assert_eq!(accounts.first(), Some(&("Working Account".to_owned(), ksh(20))));
    assert_eq!(accounts.len(), 3);
}

#[tokio::test]
async fn a_wrong_initiator_is_told_as_something_to_mend() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;
    let business = Business::paybill("Sunrise Net", PAYBILL);

    for initiator in [("apiop", "guessed"), ("nobody", "Password174379!")] {
        let initiator = Some((initiator.0.to_owned(), initiator.1.to_owned()));
        let wrong = account_of(&Business { initiator, ..business.clone() }, &stage.ear.base);
        let said = standing(&stage, &wrong, &receipt).await;
        assert!(matches!(&said, ResultSaid::Failed(failure) if failure.kind == FailureKind::Misconfigured), "{said:?}");
    }
}

#[tokio::test]
async fn without_initiator_or_certificate_it_cannot_be_asked_and_nobody_is() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;
    let business = Business { initiator: None, ..Business::paybill("Sunrise Net", PAYBILL) };
    let nobody = account_of(&business, &stage.ear.base);
    let clock: Arc<dyn Clock> = Arc::<tests::world::StoryClock>::clone(&stage.clock);
    let settings = MpesaSettings::at(&stage.twin.base().parse().expect("loopback"), None);
    let without = Mpesa::new(settings, Arc::new(MemoryShelf::default()), clock).expect("ready");

    let initiator = stage.adapter.look_up_receipt(&nobody, &receipt, stage.now()).await;
    let reversal = stage.adapter.reverse(&nobody, &receipt, ksh(20), "x", stage.now()).await;
    let balance = stage.adapter.balance(&nobody, stage.now()).await;
    let certificate = without.look_up_receipt(&stage.account, &receipt, stage.now()).await;

    assert!(matches!(&initiator, Answer::Unable { why } if why.contains("initiator")), "{initiator:?}");
    assert!(matches!(reversal, Answer::Unable { .. }) && matches!(balance, Answer::Unable { .. }));
    assert!(matches!(&certificate, Answer::Unable { why } if why.contains("certificate")), "{certificate:?}");
    assert_eq!(stage.twin.heard(Call::Status) + stage.twin.heard(Call::Reversal) + stage.twin.heard(Call::Balance), 0);
}

#[tokio::test]
async fn a_question_that_lay_too_long_is_open_and_nothing_was_done() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;
    stage.twin.goes_wrong(Faults { timed_out: 1.0, ..Faults::default() });

    let answer = stage.adapter.reverse(&stage.account, &receipt, ksh(20), "too late", stage.now()).await;
    stage.passes(5).await;

    let Answer::Later { conversation } = answer else { panic!("{answer:?}") };
    let told = stage.ear.claims(CallbackKind::TimedOut);
    let [Claim::Result { conversation: known, said }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(known, &conversation);
    assert!(matches!(said, ResultSaid::Money(Standing::Open { .. })), "{said:?}");
    assert_eq!(stage.twin.books().total(PAYBILL), ksh(20));
}

#[tokio::test]
async fn a_question_that_breaks_may_be_asked_again() {
    let stage = Stage::open().await;
    let receipt = paid(&stage).await;
    stage.twin.next_goes_wrong(Call::Reversal, Mishap::LosesAnswer);

    let broken = stage.adapter.reverse(&stage.account, &receipt, ksh(20), "again", stage.now()).await;
    let again = stage.adapter.reverse(&stage.account, &receipt, ksh(20), "again", stage.now()).await;

    assert!(matches!(broken, Answer::NotNow { .. }), "{broken:?}");
    assert_eq!(settled(&stage, again).await, ResultSaid::Done(None), "the first one was done");
    assert_eq!(stage.twin.money_on(NUMBER), Some(ksh(100_000)));
}
