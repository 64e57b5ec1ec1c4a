//! Requests that came with a word of their own: begun once, answered the same, and another caller's word is another.

use domain::secret::SecretBytes;
use domain::time::Span;
use store::platform::idempotency::{self, Asked, Begun, KEPT};
use uuid::Uuid;

use crate::scene::{NOW, Scene};

fn asked(caller: u8, key: &str, what: u8) -> Asked<'_> {
    Asked { caller: [caller; 32], key, asked: [what; 32] }
}

fn id(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

#[tokio::test]
async fn a_request_is_begun_once_and_answered_the_same() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let first = idempotency::begin(&mut tx, id(1), &asked(1, "a", 1), NOW).await.expect("begins");
    let second = idempotency::begin(&mut tx, id(2), &asked(1, "a", 1), NOW).await.expect("reads");
    let of_another = idempotency::begin(&mut tx, id(3), &asked(2, "a", 1), NOW).await.expect("begins");
    let with_another = idempotency::begin(&mut tx, id(4), &asked(1, "a", 2), NOW).await.expect("reads");
    let answer = SecretBytes::new(b"an answer".to_vec());
    idempotency::finish(&mut tx, id(1), 201, &answer).await.expect("kept");
    let third = idempotency::begin(&mut tx, id(5), &asked(1, "a", 1), NOW.plus(KEPT)).await.expect("reads");

    assert!(matches!(first, Begun::Fresh(begun) if begun == id(1)));
    assert!(matches!(second, Begun::Unfinished { since } if since == NOW));
    assert!(matches!(of_another, Begun::Fresh(_)));
    assert!(matches!(with_another, Begun::Another));
    let Begun::Done { status, answer } = third else { unreachable!("it was done: {third:?}") };
    assert_eq!((status, answer.expose()), (201, &b"an answer"[..]));
}

#[tokio::test]
async fn what_was_not_done_or_is_a_day_old_begins_anew() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    idempotency::begin(&mut tx, id(1), &asked(1, "a", 1), NOW).await.expect("begins");
    idempotency::forget(&mut tx, id(1)).await.expect("forgotten");
    let again = idempotency::begin(&mut tx, id(2), &asked(1, "a", 2), NOW).await.expect("begins");
    let later = NOW.plus(KEPT).plus(Span::seconds(1));
    let next_day = idempotency::begin(&mut tx, id(3), &asked(1, "a", 3), later).await.expect("begins");

    assert!(matches!(again, Begun::Fresh(begun) if begun == id(2)));
    assert!(matches!(next_day, Begun::Fresh(begun) if begun == id(3)));
}

#[tokio::test]
async fn two_isps_may_use_the_same_word() {
    let scene = Scene::open().await;
    let mut ours = scene.tx().await;
    idempotency::begin(&mut ours, id(1), &asked(1, "a", 1), NOW).await.expect("begins");
    ours.commit().await.expect("committed");

    let mut theirs = scene.their_tx().await;
    let begun = idempotency::begin(&mut theirs, id(2), &asked(1, "a", 9), NOW).await.expect("begins");

    assert!(matches!(begun, Begun::Fresh(_)));
}
