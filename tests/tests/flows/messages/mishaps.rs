//! The provider fails, says no, falls silent or is away, and we are stopped in between: nothing is sent twice by accident,
//! and whatever was not sent is seen, with the way to send it.

use actions::messages::retry_message::{RetryMessageError, retry_failed, retry_message};
use actions::messages::send_sms::{Begun, begin_sms, note_sms};
use domain::messages::message::MessageState;
use domain::platform::job::JobKind;
use domain::time::Span;
use policy::messages::sending::TRIES_MAX;
use ports::Clock as _;
use ports::messenger::Posted;
use simulators::sms::{Account, Mishap};
use store::platform::jobs;
use tests::texts::messenger_to;

use super::{BUYER, messages, sends, shop, sold, speaks, troubles};
use crate::money::Shop;

impl Shop {
    async fn later(&self, seconds: i64) {
        self.world.clock.passes(Span::seconds(seconds));
        sends(&self.world).await;
    }

    fn goes_wrong(&self, mishap: Mishap) {
        self.world.sms.next_goes_wrong(mishap);
    }

    async fn message(&self) -> domain::messages::message::Message {
        messages(&self.world, &self.world.isp).await.remove(0)
    }

    fn arrived(&self) -> usize {
        self.world.sms.messages_to(BUYER).len()
    }

    async fn told(&self) -> Vec<String> {
        troubles(&self.world, &self.world.isp).await.into_iter().map(|one| one.what).collect()
    }
}

fn away() -> Mishap {
    Mishap::Answers { status: 503, body: "<html>".to_owned() }
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_again_and_staff_is_told_within_a_minute() {
    let shop = shop().await;
    sold(&shop).await;
    for _ in 0..3 {
        shop.goes_wrong(away());
    }

    sends(&shop.world).await;
    shop.later(6).await;
    assert_eq!((shop.told().await, shop.message().await.state), (Vec::new(), MessageState::Queued));
    shop.later(16).await;
    let told = shop.told().await;
    assert!(told.len() == 1 && told[0].contains("cannot be reached") && told[0].contains("503"), "{told:?}");

    // It is back: what waited is sent, and the trouble is over.
    shop.later(31).await;
    assert_eq!((shop.arrived(), shop.told().await), (1, Vec::new()));
    assert_eq!(shop.message().await.tries, 4);
}

#[tokio::test]
async fn an_empty_account_is_told_at_once_and_what_waits_is_sent_when_it_is_topped_up() {
    let shop = shop().await;
    shop.world.sms.opens(Account { messages_left: 0, ..Account::default() });
    sold(&shop).await;

    sends(&shop.world).await;

    let told = shop.told().await;
    assert!(told.len() == 1 && told[0].contains("top it up") && told[0].contains("InsufficientBalance"), "{told:?}");
    shop.world.sms.opens(Account::default());
    shop.later(6).await;
    assert_eq!((shop.arrived(), shop.told().await), (1, Vec::new()));
}

#[tokio::test]
async fn wrong_keys_and_senders_are_told_in_a_sentence_each_and_mended_by_the_settings() {
    let shop = shop().await;
    speaks(&shop.world, &shop.world.isp, |new| new.sender = Some("RIFT".parse().expect("good"))).await;
    sold(&shop).await;
    sends(&shop.world).await;
    let told = shop.told().await;
    assert!(told.len() == 1 && told[0].contains("InvalidSenderId") && told[0].contains("register it"), "{told:?}");

    speaks(&shop.world, &shop.world.isp, |new| {
        new.keys = Some(domain::messages::provider::ProviderKeys {
            key: domain::secret::Secret::new("another".to_owned()),
            secret: None,
        });
    })
    .await;
    assert_eq!(shop.told().await, Vec::<String>::new(), "the settings were changed");
    shop.later(6).await;
    let told = shop.told().await;
    assert!(told.len() == 1 && told[0].contains("the keys are wrong") && told[0].contains("401"), "{told:?}");

    speaks(&shop.world, &shop.world.isp, |_| {}).await;
    shop.later(16).await;
    assert_eq!((shop.arrived(), shop.told().await), (1, Vec::new()));
}

#[tokio::test]
async fn a_telephone_that_cannot_be_reached_is_an_exception_with_a_retry() {
    for code in [403, 404, 406, 409] {
        let shop = shop().await;
        sold(&shop).await;
        shop.goes_wrong(Mishap::Verdict(code));
        sends(&shop.world).await;
        let message = shop.message().await;
        assert_eq!(message.state, MessageState::Failed, "{code}");
        let told = shop.told().await;
        assert!(told.len() == 1 && told[0].contains(&format!("message retry {}", message.id)), "{told:?}");
        assert!(!told[0].contains(BUYER), "{told:?}");
        shop.later(90_000).await;
        assert_eq!(shop.world.sms.asked(), 1, "it is not tried again by itself");

        let (store, isp) = (&shop.world.store, &shop.world.isp);
        let theirs = retry_message(store, &shop.world.other.scope, message.id, shop.world.context()).await;
        assert!(matches!(theirs, Err(RetryMessageError::Unknown(_))));
        retry_message(store, &isp.scope, message.id, shop.world.context()).await.expect("tried");
        let twice = retry_message(store, &isp.scope, message.id, shop.world.context()).await;
        assert!(matches!(twice, Err(RetryMessageError::NotOver("queued"))), "{twice:?}");
        sends(&shop.world).await;

        assert_eq!((shop.arrived(), shop.told().await), (1, Vec::new()));
    }
}

#[tokio::test]
async fn every_code_that_asks_for_patience_gets_it() {
    let shop = shop().await;
    sold(&shop).await;
    for (code, wait) in [(407, 0), (500, 6), (501, 16), (502, 31)] {
        shop.goes_wrong(Mishap::Verdict(code));
        shop.later(wait).await;
        let message = shop.message().await;
        assert_eq!(message.state, MessageState::Queued, "{code}");
        assert!(message.said.is_some_and(|said| said.contains(&code.to_string())), "{code}");
    }
    shop.later(121).await;
    assert_eq!(shop.arrived(), 1);
}

#[tokio::test]
async fn what_nobody_knows_is_repeated_once_and_then_left_to_a_person() {
    for mishap in [
        Mishap::LosesAnswer,
        Mishap::FallsSilent,
        Mishap::Answers { status: 500, body: String::new() },
        Mishap::Answers { status: 201, body: "<html>".to_owned() },
    ] {
        let shop = shop().await;
        sold(&shop).await;
        let was_taken = matches!(mishap, Mishap::LosesAnswer | Mishap::FallsSilent);
        for _ in 0..2 {
            shop.goes_wrong(mishap.clone());
        }
        sends(&shop.world).await;
        assert_eq!(shop.told().await, Vec::<String>::new());
        shop.later(6).await;

        let message = shop.message().await;
        assert_eq!((message.state, message.unsure), (MessageState::Unknown, 2), "{mishap:?}");
        let told = shop.told().await;
        assert!(told.len() == 1 && told[0].starts_with("nobody knows whether"), "{told:?}");
        shop.later(90_000).await;
        assert_eq!(shop.world.sms.asked(), 2, "{mishap:?}: never more than that by itself");
        assert_eq!(shop.arrived(), if was_taken { 2 } else { 0 });

        let scope = &shop.world.isp.scope;
        retry_message(&shop.world.store, scope, message.id, shop.world.context()).await.expect("tried");
        sends(&shop.world).await;
        assert_eq!(shop.message().await.state, MessageState::Sent);
        assert_eq!(shop.told().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_line_that_ends_before_it_was_heard_counts_as_unknown_too() {
    // The provider hung up: we cannot tell whether it had taken the message.
    let shop = shop().await;
    sold(&shop).await;
    shop.goes_wrong(Mishap::HangsUp);
    sends(&shop.world).await;
    assert_eq!((shop.message().await.unsure, shop.arrived()), (1, 0));
    shop.later(6).await;
    assert_eq!((shop.message().await.state, shop.arrived()), (MessageState::Sent, 1));
}

#[tokio::test]
async fn stopped_at_each_step_it_is_sent_once_or_told() {
    for (was_posted, was_noted) in [(false, false), (true, false), (true, true)] {
        let shop = shop().await;
        sold(&shop).await;
        let (world, message) = (&shop.world, shop.message().await);
        let mut tx = world.store.system().await.expect("begun");
        let taken = jobs::claim(&mut tx, JobKind::Sms, world.clock.now(), Span::seconds(120), 8).await.expect("taken");
        tx.commit().await.expect("committed");
        assert_eq!(taken.len(), 1);
        let begun = begin_sms(&world.store, &world.isp.scope, message.id, world.context()).await.expect("begun");
        let Begun::Send(provider, sms) = begun else { panic!("{begun:?}") };
        let posted = match was_posted {
            true => messenger_to(&world.sms).send(&provider, &sms).await,
            false => Posted::NotNow { why: String::new() },
        };
        if was_noted {
            note_sms(&world.store, &world.isp.scope, message.id, posted, world.context()).await.expect("noted");
        }
        // Here we are killed. Another worker takes the job when its time is over.
        shop.later(60).await;
        assert_eq!(shop.arrived(), usize::from(was_posted));
        shop.later(61).await;

        let message = shop.message().await;
        assert_eq!(message.state, MessageState::Sent);
        // Between the sending and the noting nobody can know: it is repeated once, and no more.
        let expected = if was_posted && !was_noted { 2 } else { 1 };
        assert_eq!((shop.arrived(), message.unsure), (expected, u32::from(!was_noted)));
        shop.later(90_000).await;
        assert_eq!(shop.arrived(), expected);
    }
}

#[tokio::test]
async fn what_has_failed_for_hours_is_sent_all_at_once_by_one_word() {
    let shop = shop().await;
    shop.world.sms.opens(Account { messages_left: 0, ..Account::default() });
    sold(&shop).await;
    shop.world.clock.passes(Span::seconds(80));
    sold(&shop).await;
    for _ in 0..30 {
        shop.later(1_800).await;
    }
    let all = messages(&shop.world, &shop.world.isp).await;
    assert!(all.iter().all(|one| one.state == MessageState::Failed && one.tries == TRIES_MAX), "{all:?}");
    assert_eq!(shop.told().await.len(), 1, "one trouble, and not one for each");
    shop.world.sms.opens(Account::default());

    let store = &shop.world.store;
    assert_eq!(retry_failed(store, &shop.world.other.scope, shop.world.context()).await.expect("asked"), 0);
    assert_eq!(retry_failed(store, &shop.world.isp.scope, shop.world.context()).await.expect("asked"), 2);
    sends(&shop.world).await;

    assert_eq!((shop.arrived(), shop.told().await), (2, Vec::new()));
    assert_eq!(retry_failed(store, &shop.world.isp.scope, shop.world.context()).await.expect("asked"), 0);
}

#[tokio::test]
async fn what_could_not_be_sent_in_a_day_is_not_sent_by_itself_any_more() {
    let shop = shop().await;
    sold(&shop).await;
    shop.later(24 * 3_600 + 1).await;

    assert_eq!((shop.world.sms.asked(), shop.message().await.state), (0, MessageState::Failed));
    let told = shop.told().await;
    assert!(told.len() == 1 && told[0].contains("while somebody waited"), "{told:?}");
}
