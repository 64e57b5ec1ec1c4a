//! Why somebody was answered as they were.

use domain::access::decision::Decision;
use domain::refusal::Refusal;
use store::access::decisions;

use crate::scene::{Scene, id, in_seconds};

#[tokio::test]
async fn the_latest_decision_is_found_by_trace_and_by_user() {
    let scene = Scene::open().await;
    let older = scene.ours.decision(42);
    let newer = Decision {
        id: id(),
        at: in_seconds(9),
        refusal: Some(Refusal::AlreadyInUse),
        holder: None,
        session: None,
        trail: Vec::new(),
        granted: String::new(),
        ..older.clone()
    };
    let mut tx = scene.tx().await;

    decisions::insert_many(&mut tx, &[newer.clone(), older.clone()]).await.expect("inserts");
    decisions::insert(&mut tx, &older).await.expect("a repeat changes nothing");

    assert_eq!(decisions::latest_by_trace(&mut tx, older.trace).await.expect("looks"), Some(newer.clone()));
    assert_eq!(decisions::latest_by_user(&mut tx, &older.user_name).await.expect("looks"), Some(newer));
    assert_eq!(decisions::latest_by_user(&mut tx, "nobody").await.expect("looks"), None);
}

#[tokio::test]
async fn the_operator_finds_a_trace_of_any_tenant() {
    let scene = Scene::open().await;
    let decision = scene.theirs.decision(7);
    let mut tx = scene.their_tx().await;
    decisions::insert(&mut tx, &decision).await.expect("inserts");
    tx.relaxed_durability().await.expect("relaxes");
    tx.commit().await.expect("commits");

    let mut ours = scene.tx().await;
    let mut system = scene.store.system().await.expect("begins");

    assert_eq!(decisions::latest_by_trace(&mut ours, decision.trace).await.expect("looks"), None);
    let found = decisions::latest_by_trace_of_all(&mut system, decision.trace).await.expect("looks");
    assert_eq!(found, Some(decision));
}
