//! Tokens: one at a time for each app, whoever asks; new ones when they are old or taken away.

use std::sync::Arc;

use domain::money::claim::FailureKind;
use payments::mpesa::{MemoryShelf, TokenShelf};
use ports::Gateway as _;
use ports::gateway::{Answer, Prompted};
use simulators::mpesa::{Business, Call, Mishap};
use tokio::task::JoinSet;

use crate::stage::{PAYBILL, Stage, account_of, adapter, ksh, patience};

#[tokio::test]
async fn many_who_ask_at_once_share_one_token_also_between_nodes() {
    let stage = Arc::new(Stage::open().await);
    let shelf: Arc<dyn TokenShelf> = Arc::new(MemoryShelf::default());
    let nodes: Vec<_> = (0..2)
        .map(|_| Arc::new(adapter(&stage.twin, &stage.clock, Arc::clone(&shelf), payments::mpesa::Patience::default())))
        .collect();

    let mut asking = JoinSet::new();
    for number in 0..20 {
        let (stage, node) = (Arc::clone(&stage), Arc::clone(&nodes[number % 2]));
        asking.spawn(async move {
            let phone = format!("2547{number:08}");
            stage.prompt_with(&node, &stage.account, &phone, ksh(20), &format!("SHARED{number}")).await
        });
    }
    let prompted = asking.join_all().await;

    assert_eq!(stage.twin.heard(Call::Token), 1);
    // Numbers whose ends are scripted are refused; none for its token.
    let misconfigured =
        |one: &&Prompted| matches!(one, Prompted::Refused(failure) if failure.kind == FailureKind::Misconfigured);
    assert_eq!(prompted.iter().filter(misconfigured).count(), 0, "{prompted:?}");
    assert!(stage.twin.prompts().len() >= 15, "{prompted:?}");
}

#[tokio::test]
async fn a_token_is_fetched_anew_before_it_ends() {
    let stage = Stage::open().await;

    stage.sent("254712345600", "ONE").await;
    stage.passes(3_000).await;
    stage.sent("254722345600", "TWO").await;
    let early = stage.twin.heard(Call::Token);
    stage.passes(400).await;
    stage.sent("254732345600", "THREE").await;

    assert_eq!((early, stage.twin.heard(Call::Token)), (1, 2));
    assert_eq!(stage.twin.heard(Call::Prompt), 3, "none was refused for its token");
}

#[tokio::test]
async fn a_token_that_another_program_has_ended_is_fetched_once_and_the_prompt_appears_once() {
    let stage = Stage::open().await;
    stage.sent("254712345600", "ONE").await;
    stage.twin.another_program_fetches_a_token(&format!("key-of-{PAYBILL}"));

    stage.sent("254722345600", "TWO").await;

    assert_eq!(stage.twin.heard(Call::Token), 2);
    assert_eq!(stage.twin.prompts().iter().filter(|(_, reference)| reference == "TWO").count(), 1);
}

#[tokio::test]
async fn each_code_for_a_bad_token_leads_to_one_new_token_and_one_more_try() {
    for (status, code) in [
        (404, "404.001.03"),
        (400, "400.003.01"),
        (401, "400.003.02"),
        (401, "401.002.01"),
        (401, "401.003.01"),
        (401, "nobody knows"),
    ] {
        let stage = Stage::open().await;
        stage.twin.next_goes_wrong(Call::Prompt, Mishap::error(status, code, "Invalid Access Token"));

        stage.sent("254712345600", "ONE").await;

        assert_eq!((stage.twin.heard(Call::Token), stage.twin.heard(Call::Prompt)), (2, 2), "{status} {code}");
    }
}

#[tokio::test]
async fn a_token_that_is_never_taken_ends_after_one_more_try() {
    let stage = Stage::open().await;
    for _ in 0..2 {
        stage.twin.next_goes_wrong(Call::Prompt, Mishap::error(404, "404.001.03", "Invalid Access Token"));
    }

    let prompted = stage.prompt("254712345600", "ONE").await;

    assert!(
        matches!(&prompted, Prompted::Refused(failure) if failure.words.contains("another program")),
        "staff is told what it may be: {prompted:?}"
    );
    assert_eq!((stage.twin.heard(Call::Token), stage.twin.heard(Call::Prompt)), (2, 2));
}

#[tokio::test]
async fn keys_that_open_nothing_are_told_and_a_bad_day_is_not_their_fault() {
    let stage = Stage::open().await;
    let business = Business::paybill("Sunrise Net", PAYBILL);
    let wrong = account_of(&Business { consumer_secret: "guessed".to_owned(), ..business }, &stage.ear.base);
    stage.sent("254722345600", "GOOD").await;

    let refused = stage.prompt_with(&stage.adapter, &wrong, "254712345600", ksh(20), "WRONG").await;
    let tried = stage.adapter.try_keys(&wrong).await;
    stage.twin.next_goes_wrong(Call::Token, Mishap::Answers { status: 503, body: "<html>".to_owned() });
    let bad_day = stage.adapter.try_keys(&stage.account).await;

    assert!(
        matches!(&refused, Prompted::Refused(failure) if failure.kind == FailureKind::Misconfigured),
        "the token of the right keys is no use to others: {refused:?}"
    );
    assert!(matches!(&tried, Answer::No(failure) if failure.words.contains("consumer key")), "{tried:?}");
    assert!(matches!(bad_day, Answer::NotNow { .. }), "{bad_day:?}");
    assert_eq!(stage.twin.heard(Call::Prompt), 1);
}

#[tokio::test]
async fn keys_are_tried_without_anything_on_a_telephone() {
    let stage = Stage::open().await;
    let business = Business::paybill("Sunrise Net", PAYBILL);
    let passkey = account_of(&Business { passkey: "of another".to_owned(), ..business.clone() }, &stage.ear.base);
    let shortcode = account_of(&Business { shortcode: "999999".to_owned(), ..business.clone() }, &stage.ear.base);
    let long = account_of(
        &Business { initiator: Some(("apiop".to_owned(), "x".repeat(300))), ..business.clone() },
        &stage.ear.base,
    );
    let forbidden = account_of(&business, "https://mpesa.example.net/cb/00");

    assert_eq!(stage.adapter.try_keys(&stage.account).await, Answer::Said(()));
    for wrong in [&passkey, &shortcode] {
        let tried = stage.adapter.try_keys(wrong).await;
        assert!(matches!(&tried, Answer::No(failure) if failure.words.contains("passkey")), "{tried:?}");
    }
    assert!(matches!(stage.adapter.try_keys(&long).await, Answer::Unable { .. }));
    let tried = stage.adapter.try_keys(&forbidden).await;
    assert!(matches!(&tried, Answer::No(failure) if failure.words.contains("`mpesa`")), "{tried:?}");
    assert_eq!(stage.twin.heard(Call::Prompt), 0);
}

#[tokio::test]
async fn a_door_that_stays_shut_is_waited_for_so_long_and_no_longer() {
    let stage = Stage::open().await;
    let adapter = adapter(&stage.twin, &stage.clock, Arc::new(MemoryShelf::default()), patience());
    stage.twin.next_goes_wrong(Call::Token, Mishap::FallsSilent);

    let prompted = stage.prompt_with(&adapter, &stage.account, "254712345600", ksh(20), "SHUT").await;
    let again = stage.prompt_with(&adapter, &stage.account, "254712345600", ksh(20), "OPEN").await;

    assert!(matches!(prompted, Prompted::NotNow { .. }), "{prompted:?}");
    assert!(matches!(again, Prompted::Sent { .. }), "who did not come back keeps nobody out: {again:?}");
}
