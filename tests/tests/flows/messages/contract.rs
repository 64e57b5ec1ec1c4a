//! The adapters against the providers' twins: what each sends, what it reads, and whom it never asks.

use domain::id::MessageId;
use domain::messages::message::{RefusalKind, Sms};
use domain::messages::provider::{
    BodyKind, HttpMethod, HttpTerms, PhoneForm, Provider, ProviderKeys, Success, Terms, World,
};
use domain::phone::CallingCode;
use domain::secret::Secret;
use messaging::webhooks::Reach;
use policy::messages::requests;
use ports::Messenger as _;
use ports::messenger::Posted;
use simulators::sms::{Account, Caught, Mishap, Sms as Twin};
use tests::texts::messengers;

use super::BUYER;
use crate::money::{PHONE, msisdn};

/// Signs that each way of writing has to carry.
const TEXT: &str = "Kodi: \"7KQ2MXAB\" & 100% +1 {key} é\nsawa?";

fn provider(terms: Terms) -> Provider {
    let keys = ProviderKeys { key: Secret::new(Account::default().key), secret: Some(Secret::new("s".to_owned())) };
    Provider { terms, keys, sender: Some("SAVANNA".parse().expect("good")), country: CallingCode::kenya() }
}

fn sms(text: &str) -> Sms {
    Sms { id: MessageId::from_bytes([7; 16]), to: msisdn(PHONE), text: Secret::new(text.to_owned()) }
}

fn ours() -> Terms {
    Terms::AfricasTalking { username: Account::default().username, world: World::Production }
}

/// The other twin, asked in that way.
fn any(twin: &Twin, method: HttpMethod, query: &str, body: Option<(BodyKind, &str)>) -> HttpTerms {
    HttpTerms {
        method,
        url: format!("{}/api/send{query}", twin.base()),
        headers: vec![("Authorization".to_owned(), "Bearer {key}".to_owned())],
        body: body.map(|(kind, body)| (kind, body.to_owned())),
        phone_form: PhoneForm::International,
        success: Success {
            verdict_at: vec!["/code".to_owned()],
            good: vec!["200".to_owned()],
            hopeless: vec!["1003".to_owned()],
            reference_at: Some("/id".to_owned()),
            ..Success::default()
        },
    }
}

async fn post(twin: &Twin, terms: Terms, text: &str) -> Posted {
    assert_eq!(requests::faults(&terms), []);
    messengers(Reach::Any, Some(twin.base())).send(&provider(terms), &sms(text)).await
}

#[tokio::test]
async fn africas_talking_is_sent_every_sign_as_it_is() {
    let twin = Twin::listen().await.expect("listens");

    let posted = post(&twin, ours(), TEXT).await;

    let caught = twin.messages_to(BUYER).remove(0);
    let reference = Some(caught.reference.clone());
    assert_eq!(posted, Posted::Taken { reference, cost: Some("KES 0.8000".to_owned()) });
    assert_eq!((caught.text.as_str(), caught.sender.as_str()), (TEXT, "SAVANNA"));
}

#[tokio::test]
async fn any_provider_is_sent_every_sign_as_it_is_in_each_way_of_writing() {
    let json = r#"{"mobile": "{to}", "message": "{message}", "sender": "{sender}", "id": "{id}", "n": 1}"#;
    let form = "mobile={to}&message={message}&sender={sender}&id={id}";
    let query = format!("?{form}");
    for (method, query, body) in [
        (HttpMethod::Post, "", Some((BodyKind::Json, json))),
        (HttpMethod::Put, "", Some((BodyKind::Form, form))),
        (HttpMethod::Get, query.as_str(), None),
    ] {
        let twin = Twin::listen().await.expect("listens");

        let posted = post(&twin, Terms::Http(Box::new(any(&twin, method, query, body))), TEXT).await;

        let expected = Caught {
            to: BUYER.to_owned(),
            text: TEXT.to_owned(),
            sender: "SAVANNA".to_owned(),
            reference: "ATXid_00000001".to_owned(),
            id: MessageId::from_bytes([7; 16]).to_string(),
        };
        assert_eq!(twin.messages(), [expected], "{method:?}");
        assert_eq!(posted, Posted::Taken { reference: Some("ATXid_00000001".to_owned()), cost: None });
    }
}

#[tokio::test]
async fn a_no_is_understood_from_either() {
    let twin = Twin::listen().await.expect("listens");
    let json = r#"{"mobile": "{to}", "message": "{message}", "sender": "{sender}"}"#;
    let other = || Terms::Http(Box::new(any(&twin, HttpMethod::Post, "", Some((BodyKind::Json, json)))));
    let kind = |posted: Posted| match posted {
        Posted::Refused { kind, .. } => Some(kind),
        Posted::Taken { .. } | Posted::Unknown { .. } | Posted::NotNow { .. } => None,
    };

    for (code, expected) in [(402, RefusalKind::Sender), (405, RefusalKind::Balance), (406, RefusalKind::Number)] {
        twin.next_goes_wrong(Mishap::Verdict(code));
        assert_eq!(kind(post(&twin, ours(), "a").await), Some(expected), "{code}");
    }
    for (code, expected) in [(1003, RefusalKind::Number), (1004, RefusalKind::SetUp)] {
        twin.next_goes_wrong(Mishap::Verdict(code));
        assert_eq!(kind(post(&twin, other(), "a").await), Some(expected), "{code}");
    }
    twin.opens(Account { key: "another".to_owned(), ..Account::default() });
    assert_eq!(kind(post(&twin, ours(), "a").await), Some(RefusalKind::Keys));
    assert_eq!(kind(post(&twin, other(), "a").await), Some(RefusalKind::Keys));
    assert_eq!(twin.messages(), []);
}

#[tokio::test]
async fn a_provider_that_is_not_there_has_certainly_not_heard() {
    let gone = "http://127.0.0.1:9".to_owned();
    let posted = messengers(Reach::Any, Some(gone)).send(&provider(ours()), &sms("a")).await;

    assert!(matches!(&posted, Posted::NotNow { why } if why.contains("could not be reached")), "{posted:?}");
}

#[tokio::test]
async fn a_provider_that_falls_silent_or_says_too_much_is_unknown() {
    let twin = Twin::listen().await.expect("listens");
    for mishap in [
        Mishap::FallsSilent,
        Mishap::LosesAnswer,
        Mishap::HangsUp,
        Mishap::Answers { status: 201, body: "x".repeat(70_000) },
    ] {
        twin.next_goes_wrong(mishap.clone());
        let posted = post(&twin, ours(), "a").await;
        assert!(matches!(posted, Posted::Unknown { .. }), "{mishap:?}: {posted:?}");
    }
}

#[tokio::test]
async fn nothing_that_only_we_can_reach_is_asked() {
    let twin = Twin::listen().await.expect("listens");
    let to = "/api/send?mobile={to}&message={message}&apikey={key}";
    for url in [
        format!("{}{to}", twin.base()),
        format!("https://127.0.0.1{to}"),
        format!("https://[::1]{to}"),
        format!("https://10.0.0.1{to}"),
        format!("https://169.254.169.254{to}"),
        format!("https://2130706433{to}"),
        format!("https://localhost{to}"),
    ] {
        let terms = HttpTerms { url: url.clone(), headers: Vec::new(), ..any(&twin, HttpMethod::Get, "", None) };

        let posted = messengers(Reach::Public, None).send(&provider(Terms::Http(Box::new(terms))), &sms("a")).await;

        assert!(matches!(&posted, Posted::Refused { kind: RefusalKind::SetUp, .. }), "{url}: {posted:?}");
    }
    assert_eq!(twin.asked(), 0);
}
