//! What breaks between us and the gateway: whether a prompt was heard is told truly, and it is sent once.

use std::sync::Arc;

use domain::money::claim::FailureKind;
use payments::mpesa::{MemoryShelf, Mpesa, MpesaSettings};
use ports::Clock;
use ports::gateway::{Answer, Prompted};
use simulators::mpesa::{Call, Mishap};
use tests::world::StoryClock;

use crate::stage::{Stage, adapter, is_paid, ksh, patience};

const NUMBER: &str = "254712345600";

fn page() -> String {
    "<html>Service Unavailable</html>".to_owned()
}

#[tokio::test]
async fn where_a_prompt_may_have_been_heard_it_is_unknown_and_sent_once() {
    for mishap in [
        Mishap::HangsUp,
        Mishap::LosesAnswer,
        Mishap::FallsSilent,
        Mishap::DoesAndAnswers { status: 503, body: page() },
        Mishap::DoesAndAnswers { status: 504, body: String::new() },
        Mishap::DoesAndAnswers { status: 200, body: page() },
        Mishap::DoesAndAnswers { status: 200, body: "{}".to_owned() },
        Mishap::DoesAndAnswers { status: 200, body: "x".repeat(100_000) },
        Mishap::DoesAndAnswers { status: 302, body: String::new() },
        Mishap::error(500, "500.001.1001", "The transaction is being processed"),
        Mishap::error(500, "500.001.1001", "Something that nobody has seen"),
    ] {
        let stage = Stage::open().await;
        let shelf = Arc::new(MemoryShelf::default());
        let adapter = adapter(&stage.twin, &stage.clock, shelf, patience());
        stage.twin.next_goes_wrong(Call::Prompt, mishap.clone());

        let prompted = stage.prompt_with(&adapter, &stage.account, NUMBER, ksh(20), "ONCEONLY").await;

        assert!(matches!(&prompted, Prompted::Unknown { why } if !why.is_empty()), "{mishap:?}: {prompted:?}");
        assert_eq!(stage.twin.heard(Call::Prompt), 1, "{mishap:?}");
        assert!(stage.twin.prompts().len() <= 1, "{mishap:?}");
    }
}

#[tokio::test]
async fn a_connection_that_was_kept_and_has_died_sends_no_prompt_twice() {
    let stage = Stage::open().await;
    // A good call leaves a connection behind, on which the next one is asked.
    stage.sent("254722345600", "BEFORE").await;
    stage.twin.next_goes_wrong(Call::Prompt, Mishap::LosesAnswer);

    let prompted = stage.prompt(NUMBER, "ONCEONLY").await;

    assert!(matches!(prompted, Prompted::Unknown { .. }), "{prompted:?}");
    assert_eq!(stage.twin.heard(Call::Prompt), 2);
    assert_eq!(stage.twin.prompts().iter().filter(|(_, reference)| reference == "ONCEONLY").count(), 1);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_has_not_heard() {
    let clock = Arc::new(StoryClock::standing());
    let stage = Stage::open().await;
    let shared: Arc<dyn Clock> = clock;
    let settings =
        MpesaSettings { patience: patience(), ..MpesaSettings::at(&"http://127.0.0.1:9".parse().expect("good"), None) };
    let nowhere = Mpesa::new(settings, Arc::new(MemoryShelf::default()), shared).expect("ready");

    let prompted = stage.prompt_with(&nowhere, &stage.account, NUMBER, ksh(20), "NOWHERE").await;

    assert!(matches!(&prompted, Prompted::NotNow { why } if why.contains("could not be reached")), "{prompted:?}");
}

#[tokio::test]
async fn each_documented_error_of_a_push_is_told_for_what_it_is() {
    enum Expected {
        Refused(FailureKind),
        NotNow,
    }
    use Expected::{NotNow, Refused};
    for (status, code, words, expected) in [
        (400, "400.002.02", "Bad Request - Invalid PhoneNumber", Refused(FailureKind::Unreachable)),
        (400, "400.002.02", "Bad Request - Invalid Amount", Refused(FailureKind::Misconfigured)),
        (400, "400.002.05", "Invalid Request Payload", Refused(FailureKind::Misconfigured)),
        (404, "404.001.01", "Resource not found", Refused(FailureKind::Misconfigured)),
        (404, "404.003.01", "Resource not found", Refused(FailureKind::Misconfigured)),
        (404, "404.001.04", "Invalid Authentication Header", Refused(FailureKind::Misconfigured)),
        (405, "405.001", "Method Not Allowed", Refused(FailureKind::Misconfigured)),
        (500, "500.001.1001", "Merchant does not exist", Refused(FailureKind::Misconfigured)),
        (500, "500.001.1001", "Wrong credentials", Refused(FailureKind::Misconfigured)),
        (
            500,
            "500.001.1001",
            "Unable to lock subscriber, a transaction is already in process",
            Refused(FailureKind::Busy),
        ),
        (401, "401.1", "Invalid API call as no apiproduct match found", Refused(FailureKind::Misconfigured)),
        (403, "", "", Refused(FailureKind::Misconfigured)),
        (500, "00.002.1001", "Maintenance", NotNow),
        (500, "500.003.02", "System is busy", NotNow),
        (429, "500.003.02", "Error Occurred: Spike Arrest Violation", NotNow),
        (429, "500.003.03", "Error Occurred: Quota Violation", NotNow),
    ] {
        let stage = Stage::open().await;
        stage.twin.next_goes_wrong(Call::Prompt, Mishap::error(status, code, words));

        let prompted = stage.prompt(NUMBER, "ERRORS").await;

        let fits = match (&prompted, &expected) {
            (Prompted::Refused(failure), Refused(kind)) => failure.kind == *kind && !failure.words.is_empty(),
            (Prompted::NotNow { why }, NotNow) => !why.is_empty(),
            (_, _) => false,
        };
        assert!(fits, "{status} {code} {words}: {prompted:?}");
        assert_eq!(stage.twin.heard(Call::Prompt), 1, "{code} {words}");
    }
}

#[tokio::test]
async fn a_look_up_that_breaks_says_nothing_of_the_money_and_may_be_asked_again() {
    let stage = Stage::open().await;
    let checkout = stage.sent(NUMBER, "LOOKEDUP").await;
    stage.passes(10).await;

    for mishap in [
        Mishap::HangsUp,
        Mishap::LosesAnswer,
        Mishap::Answers { status: 503, body: page() },
        Mishap::Answers { status: 200, body: "x".repeat(100_000) },
        Mishap::error(429, "500.003.02", "Spike Arrest"),
        Mishap::error(500, "500.001.1001", "Something that nobody has seen"),
    ] {
        stage.twin.next_goes_wrong(Call::LookUp, mishap.clone());
        let broken = stage.look_up(&checkout).await;
        assert!(matches!(broken, Answer::NotNow { .. }), "{mishap:?}: {broken:?}");
        assert!(is_paid(&stage.look_up(&checkout).await), "{mishap:?}");
    }
}
