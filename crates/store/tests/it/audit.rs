//! The audit: who and from where, what is looked for, and a chain in which every change shows.

use std::borrow::Cow;

use domain::id::{AuditId, Id, PlanId, StaffId};
use domain::platform::audit::{Actor, Change, Entry, Thing, Verb};
use domain::time::Timestamp;
use store::platform::audit::{self, ChainFault, Search, Verified};
use store::{Page, Store, TenantScope};

use crate::scene::{Isp, Scene, in_seconds};

/// An id as it is made at that moment.
fn id_at<Of>(at: Timestamp, number: u8) -> Id<Of> {
    let milliseconds = u64::try_from(at.as_micros() / 1_000).expect("after 1970");
    let mut bytes = [number; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    Id::from_bytes(bytes)
}

fn entry(number: u8, actor: Actor, verb: Verb, plan: PlanId) -> Entry {
    let at = in_seconds(i64::from(number));
    let changes = vec![Change::of("rate", Some("2M/5M"), Some("3M/8M")), Change::of("pool", None, Some("home"))];
    Entry { id: id_at(at, number), at, actor, verb, thing: Thing::Plan(plan), changes }
}

/// Anna, in whose place Otieno of the platform acts.
fn anna() -> Actor {
    Actor {
        name: Cow::Borrowed("anna"),
        staff: Some(StaffId::from_bytes([3; 16])),
        from: Some("2001:db8::7".parse().expect("good")),
        impersonator: Some(Cow::Borrowed("otieno")),
    }
}

async fn note(store: &Store, scope: &TenantScope, entries: &[Entry]) {
    let mut tx = store.tenant(scope).await.expect("begins");
    audit::note(&mut tx, entries).await.expect("noted");
    tx.commit().await.expect("commits");
}

async fn verify(scene: &Scene, isp: &Isp) -> Verified {
    let mut tx = scene.store.tenant(&isp.scope).await.expect("begins");
    audit::verify(&mut tx).await.expect("verified")
}

async fn found(scene: &Scene, search: Search) -> Vec<AuditId> {
    let mut tx = scene.tx().await;
    audit::search(&mut tx, &search, Page::first(10)).await.expect("found").rows.iter().map(|entry| entry.id).collect()
}

/// Does to the audit what nobody may.
async fn tamper(scene: &Scene, deed: &'static str) {
    let mut admin = scene.database.admin().await;
    for statement in ["alter table audit disable trigger all", deed, "alter table audit enable trigger all"] {
        sqlx::raw_sql(statement).execute(&mut admin).await.expect("done");
    }
}

#[tokio::test]
async fn an_entry_tells_who_from_where_and_in_whose_place() {
    let scene = Scene::open().await;
    let theirs = entry(1, Actor::named("rift"), Verb::ChangePlan, scene.theirs.plan.id);
    note(&scene.store, &scene.theirs.scope, &[theirs]).await;
    let ours = entry(1, anna(), Verb::ChangePlan, scene.ours.plan.id);
    note(&scene.store, &scene.ours.scope, std::slice::from_ref(&ours)).await;

    let mut tx = scene.tx().await;
    let listed = audit::search(&mut tx, &Search::default(), Page::first(10)).await.expect("listed").rows;

    let sorted = Entry { changes: ours.changes.iter().rev().cloned().collect(), ..ours };
    assert_eq!(listed, [sorted]);
}

#[tokio::test]
async fn the_audit_is_searched_by_who_what_and_when() {
    let scene = Scene::open().await;
    let (plan, other) = (scene.ours.plan.id, PlanId::from_bytes([9; 16]));
    let entries = [
        entry(1, anna(), Verb::PublishPlan, plan),
        entry(2, Actor::named("ben"), Verb::ChangePlan, plan),
        entry(3, anna(), Verb::ChangePlan, other),
    ];
    note(&scene.store, &scene.ours.scope, &entries).await;
    note(&scene.store, &scene.theirs.scope, &[entry(4, anna(), Verb::ChangePlan, plan)]).await;
    let [one, two, three] = entries.map(|entry| entry.id);

    let all = Search::default();
    assert_eq!(found(&scene, all.clone()).await, [three, two, one]);
    assert_eq!(found(&scene, Search { actor: Some("anna".to_owned()), ..all.clone() }).await, [three, one]);
    assert_eq!(found(&scene, Search { verb: Some(Verb::ChangePlan), ..all.clone() }).await, [three, two]);
    assert_eq!(found(&scene, Search { thing: Some(plan.uuid()), ..all.clone() }).await, [two, one]);
    assert_eq!(found(&scene, Search { since: Some(in_seconds(2)), ..all.clone() }).await, [three, two]);
    assert_eq!(found(&scene, Search { until: Some(in_seconds(2)), ..all }).await, [one]);
}

#[tokio::test]
async fn a_chain_that_nobody_touched_is_whole_for_each_tenant() {
    let scene = Scene::open().await;
    let plan = scene.ours.plan.id;
    note(&scene.store, &scene.ours.scope, &[entry(1, anna(), Verb::PublishPlan, plan)]).await;
    note(&scene.store, &scene.theirs.scope, &[entry(1, anna(), Verb::PublishPlan, plan)]).await;
    let many: Vec<Entry> = (2..=200).map(|number| entry(number, anna(), Verb::ChangePlan, plan)).collect();
    note(&scene.store, &scene.ours.scope, &many).await;

    let (ours, theirs) = (verify(&scene, &scene.ours).await, verify(&scene, &scene.theirs).await);

    assert_eq!((ours.entries, ours.unchained, ours.fault), (200, 0, None));
    assert_eq!((theirs.entries, theirs.fault), (1, None));
    assert_ne!(ours.head, theirs.head);
}

#[tokio::test]
async fn two_at_once_stand_in_one_line() {
    let scene = Scene::open().await;
    let plan = scene.ours.plan.id;
    let (store, scope) = (&scene.store, &scene.ours.scope);
    let one = |number| async move { note(store, scope, &[entry(number, anna(), Verb::ChangePlan, plan)]).await };

    tokio::join!(one(1), one(2), one(3), one(4), one(5), one(6), one(7), one(8));

    let verified = verify(&scene, &scene.ours).await;
    assert_eq!((verified.entries, verified.fault), (8, None));
}

#[tokio::test]
async fn whatever_is_done_to_an_entry_shows() {
    for (deed, wanted) in [
        ("update audit set actor = 'nobody' where seq = 2", "entry 2"),
        ("update audit set from_address = '10.0.0.1' where seq = 2", "entry 2"),
        ("update audit set impersonator = null where seq = 2", "entry 2"),
        ("update audit set after = after || '{\"rate\": 5}' where seq = 2", "entry 2"),
        ("update audit set at = at + interval '1 microsecond' where seq = 2", "entry 2"),
        ("update audit set verb = 'publish_plan' where seq = 2", "entry 2"),
        ("delete from audit where seq = 2", "entry 2 was taken out"),
        ("delete from audit where seq = 3", "entries at the end are gone: there were 3"),
        ("update audit_heads set hash = decode(repeat('11', 32), 'hex')", "entries at the end are gone"),
        ("update audit set seq = null, hash = null where seq = 3", "there were 0 entries from before the chain began"),
    ] {
        let scene = Scene::open().await;
        let entries = [1, 2, 3].map(|number| entry(number, anna(), Verb::ChangePlan, scene.ours.plan.id));
        note(&scene.store, &scene.ours.scope, &entries).await;
        assert_eq!(verify(&scene, &scene.ours).await.fault, None);

        tamper(&scene, deed).await;

        let fault = verify(&scene, &scene.ours).await.fault.map(|fault| fault.to_string());
        assert!(fault.as_deref().is_some_and(|fault| fault.contains(wanted)), "{deed}: {fault:?}");
        if wanted == "entry 2" {
            let fault = verify(&scene, &scene.ours).await.fault;
            assert!(matches!(fault, Some(ChainFault::Changed { seq: 2, .. })), "{deed}: {fault:?}");
        }
    }
}
