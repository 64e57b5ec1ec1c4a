//! Everything at once, from a seed: whatever befalls the messages, a look-up says what the true books say, and nobody is
//! asked twice. `MNETIFI_TEST_SEED` asks for another story, `PURCHASES` for a longer one.

use std::collections::BTreeMap;

use domain::money::claim::{CallbackKind, Claim, Ended};
use domain::time::Span;
use ports::gateway::{Answer, Prompted};
use simulators::mpesa::{Faults, Manner};
use tests::dice::{SEED, asked};

use crate::stage::{Stage, is_paid};

#[tokio::test]
async fn whatever_befalls_the_messages_the_look_up_says_what_the_books_say() {
    let seed = asked(SEED, 20_261_122);
    let purchases = usize::try_from(asked("PURCHASES", 300)).expect("not so many");
    println!("{SEED}={seed}");
    let stage = Stage::open_with(|settings| {
        settings.seed = seed;
        settings.rules.two_minutes = false;
        settings.faults = Faults {
            lost: 0.1,
            twice: 0.1,
            late: 0.2,
            late_max: Span::minutes(10),
            wrong_amount: 0.05,
            forged: 0.2,
            answer_lost: 0.1,
            answer_spoiled: 0.05,
            page: 0.05,
            spike: 0.05,
            timed_out: 0.0,
            token_stolen: 0.05,
        };
    })
    .await;
    const MANNERS: [Manner; 6] =
        [Manner::Pays, Manner::Pays, Manner::Pays, Manner::Cancels, Manner::HasNoFunds, Manner::Ignores];

    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    let mut outcomes = [0_usize; 4];
    for number in 0..purchases {
        let phone = format!("2547{number:08}");
        stage.twin.adds_phone(&phone, 1_000, "1234", MANNERS[number % MANNERS.len()]);
        let reference = format!("BUY{number}");
        match stage.prompt(&phone, &reference).await {
            Prompted::Sent { checkout, .. } => {
                outcomes[0] += 1;
                sent.insert(checkout, reference);
            }
            Prompted::Unknown { .. } => outcomes[1] += 1,
            Prompted::NotNow { .. } => {
                outcomes[2] += 1;
                assert!(!stage.twin.prompts().iter().any(|(_, known)| *known == reference), "{reference} was not sent");
            }
            Prompted::Refused(_) => outcomes[3] += 1,
        }
        stage.passes(1).await;
    }
    stage.passes(20 * 60).await;
    stage.twin.goes_wrong(Faults::default());

    assert!(outcomes.iter().take(3).all(|count| *count > 0), "each happens: {outcomes:?}");
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for (_, reference) in stage.twin.prompts() {
        *asked.entry(reference).or_default() += 1;
    }
    assert!(asked.values().all(|count| *count == 1), "nobody is asked twice");
    let books = stage.twin.books();
    for checkout in sent.keys() {
        let answer = stage.look_up(checkout).await;
        assert_eq!(is_paid(&answer), books.of_prompt(checkout).is_some(), "{checkout}: {answer:?}");
        assert!(matches!(answer, Answer::Said(Ended::Paid { .. } | Ended::Failed(_))), "{checkout}: {answer:?}");
    }
    // Callbacks lie, and of those that say "paid" some are found out.
    let mut lies = 0;
    for claim in stage.ear.claims(CallbackKind::Prompt) {
        if let Claim::Prompt { checkout, ended: Ended::Paid { receipt, amount, .. } } = claim {
            let truth = books.of_prompt(&checkout);
            let is_true = truth.is_some_and(|taken| {
                receipt.is_some_and(|receipt| receipt.as_str() == taken.receipt) && amount == Some(taken.amount)
            });
            lies += usize::from(!is_true);
        }
    }
    assert!(lies > 0, "some were forged or told another amount");
}
