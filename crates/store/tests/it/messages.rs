//! Text messages as they are kept.

use domain::messages::language::Language;
use domain::messages::message::MessageState;
use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, PhoneForm, ProviderKeys, Success, Terms, World};
use domain::messages::settings::MessageSettings;
use domain::messages::template::MessageKind;
use domain::secret::Secret;
use store::messages::outbox::{self, Filter, NewMessage, Text};
use store::messages::settings;
use store::{Page, StoreError};

use crate::money_things::fixed;
use crate::scene::{NOW, Scene, in_seconds, phone};

pub(crate) fn keys() -> ProviderKeys {
    ProviderKeys { key: Secret::new("the key".to_owned()), secret: Some(Secret::new("the other".to_owned())) }
}

/// Settings that use every column but those of Africa's Talking.
pub(crate) fn over_http() -> MessageSettings {
    MessageSettings {
        terms: Terms::Http(Box::new(HttpTerms {
            method: HttpMethod::Post,
            url: "https://sms.example/send?to={to}".to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer: {key}".to_owned()), ("X-A".to_owned(), String::new())],
            body: Some((BodyKind::Json, r#"{"m": "{message}"}"#.to_owned())),
            phone_form: PhoneForm::National,
            success: Success {
                statuses: vec![200, 202],
                verdict_at: vec!["/a/0".to_owned(), "/b".to_owned()],
                good: vec!["ok".to_owned()],
                hopeless: vec!["1003".to_owned()],
                text: Some("OK".to_owned()),
                reference_at: Some("/id".to_owned()),
            },
        })),
        sender: Some("SAVANNA".parse().expect("good")),
        brand: Some("Savanna Net".to_owned()),
        contact: "0700111222".to_owned(),
        language: Language::swahili(),
        is_active: true,
        sends_vouchers: false,
        revision: 1,
    }
}

pub(crate) fn new_message(number: u8, reason: &str) -> NewMessage {
    NewMessage {
        id: fixed(number),
        kind: MessageKind::VoucherSold,
        dedupe_key: reason.to_owned(),
        to: phone("0712345678"),
        language: Language::english(),
        text: Secret::new("your code is 7KQ2MXAB".to_owned()),
        shown: "your code is ****".to_owned(),
        parts: 1,
        payment: None,
        now: NOW,
        wanted_until: in_seconds(86_400),
    }
}

#[tokio::test]
async fn settings_come_back_as_they_went_in_and_their_keys_too() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let without = settings::put(&mut tx, &over_http(), None, NOW).await;
    assert!(matches!(without, Err(StoreError::Missing { .. })), "{without:?}");

    settings::put(&mut tx, &over_http(), Some(&keys()), NOW).await.expect("put");
    assert_eq!(settings::find(&mut tx).await.expect("read"), Some(over_http()));
    let other = MessageSettings {
        terms: Terms::AfricasTalking { username: "app".to_owned(), world: World::Production },
        sender: None,
        brand: None,
        revision: 2,
        ..over_http()
    };
    settings::put(&mut tx, &other, None, in_seconds(1)).await.expect("put");

    assert_eq!(settings::lock(&mut tx).await.expect("read"), Some(other));
    let kept = settings::keys(&mut tx).await.expect("read").expect("there");
    assert_eq!(kept.key.expose(), "the key");
    assert_eq!(kept.secret.as_ref().map(|key| key.expose().as_str()), Some("the other"));
    let only = ProviderKeys { key: Secret::new("new".to_owned()), secret: None };
    settings::put(&mut tx, &over_http(), Some(&only), NOW).await.expect("put");
    let kept = settings::keys(&mut tx).await.expect("read").expect("there");
    assert_eq!((kept.key.expose().as_str(), kept.secret.is_none()), ("new", true));
}

#[tokio::test]
async fn one_reason_is_one_message_and_what_it_says_is_sealed_and_then_forgotten() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    assert!(outbox::enqueue(&mut tx, &new_message(1, "voucher:1")).await.expect("enqueued"));
    assert!(!outbox::enqueue(&mut tx, &new_message(2, "voucher:1")).await.expect("enqueued"));
    assert!(outbox::enqueue(&mut tx, &new_message(3, "voucher:3")).await.expect("enqueued"));
    tx.commit().await.expect("committed");

    let mut admin = scene.database.admin().await;
    let clear: i64 = sqlx::query_scalar("select count(*) from messages m where m::text like '%7KQ2MXAB%'")
        .fetch_one(&mut admin)
        .await
        .expect("asked");
    let jobs: i64 = sqlx::query_scalar("select count(*) from jobs where kind = 'sms' and payload_sealed is null")
        .fetch_one(&mut admin)
        .await
        .expect("asked");
    assert_eq!((clear, jobs), (0, 2));
    let mut tx = scene.tx().await;
    let text = outbox::text(&mut tx, fixed(1)).await.expect("read").expect("there");
    assert_eq!(text.expose(), "your code is 7KQ2MXAB");
    let mut message = outbox::lock(&mut tx, fixed(1)).await.expect("read").expect("there");
    message.state = MessageState::Sent;
    message.reference = Some("R".repeat(500));
    message.said = Some("s".repeat(500));
    outbox::save(&mut tx, &message, Text::Forgotten).await.expect("saved");
    outbox::save(&mut tx, &message, Text::Kept).await.expect("saved");

    assert!(outbox::text(&mut tx, fixed(1)).await.expect("read").is_none());
    let found = outbox::find(&mut tx, fixed(1)).await.expect("read").expect("there");
    assert_eq!((found.reference.map(|text| text.len()), found.said.map(|text| text.len())), (Some(100), Some(300)));
}

#[tokio::test]
async fn messages_are_found_by_telephone_kind_and_state_page_by_page() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    for number in 1..=5 {
        let mut new = new_message(number, &format!("voucher:{number}"));
        if number == 4 {
            new.to = phone("0733000000");
            new.kind = MessageKind::LostCodes;
        }
        outbox::enqueue(&mut tx, &new).await.expect("enqueued");
    }
    let mut failed = outbox::find(&mut tx, fixed(2)).await.expect("read").expect("there");
    failed.state = MessageState::Failed;
    outbox::save(&mut tx, &failed, Text::Kept).await.expect("saved");
    async fn found(tx: &mut store::TenantTx, filter: Filter) -> Vec<domain::id::MessageId> {
        let page = outbox::list(tx, &filter, Page::first(10)).await.expect("listed");
        page.rows.into_iter().map(|one| one.id).collect()
    }

    assert_eq!(found(&mut tx, Filter::default()).await, [5, 4, 3, 2, 1].map(fixed));
    assert_eq!(found(&mut tx, Filter { to: Some(phone("0733000000")), ..Filter::default() }).await, [fixed(4)]);
    assert_eq!(found(&mut tx, Filter { kind: Some(MessageKind::LostCodes), ..Filter::default() }).await, [fixed(4)]);
    assert_eq!(found(&mut tx, Filter { state: Some(MessageState::Failed), ..Filter::default() }).await, [fixed(2)]);
    assert_eq!(outbox::failed(&mut tx, 10).await.expect("asked"), [fixed(2)]);
    let page = outbox::list(&mut tx, &Filter::default(), Page::first(2)).await.expect("listed");
    let rest =
        outbox::list(&mut tx, &Filter::default(), Page::after(page.next.expect("more"), 2)).await.expect("listed");
    assert_eq!(rest.rows.iter().map(|one| one.id).collect::<Vec<_>>(), [3, 2].map(fixed));
    // What nobody wants sent again any more is forgotten, and then the message itself.
    assert_eq!(outbox::forget(&mut tx, in_seconds(1), NOW).await.expect("done"), 0);
    assert_eq!(outbox::failed(&mut tx, 10).await.expect("asked"), []);
    assert_eq!(outbox::forget(&mut tx, in_seconds(1), in_seconds(1)).await.expect("done"), 1);
}
