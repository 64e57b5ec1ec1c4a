//! Sessions: granted, reported, ended.

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::session::{EndCause, SessionState};
use domain::access::usage::{Counters, UsageKind, UsageRecord};
use domain::id::SessionId;
use domain::time::Span;
use store::Page;
use store::access::sessions::{self, Filter, ReportKey, StoredSession};
use store::access::slots::{self, Taken};

use crate::scene::{NOW, Scene, cap, device, id, in_seconds};

fn key_of(record: &UsageRecord) -> ReportKey {
    let seconds = i64::try_from(record.counters.seconds).expect("small");
    let began_at = record.at.minus(Span::seconds(seconds));
    ReportKey::of(record, began_at, began_at)
}

fn record(scene: &Scene, acct_session_id: &str, device: Device, at: i64, seconds: u64) -> UsageRecord {
    UsageRecord {
        tenant: scene.ours.tenant_id(),
        nas: scene.ours.nas_id(),
        kind: UsageKind::Interim,
        session: None,
        holder: None,
        acct_session_id: acct_session_id.to_owned(),
        user_name: scene.ours.code.expose().to_owned(),
        device,
        service: AskedService::Hotspot,
        framed_ip: Some([10, 5, 50, 3].into()),
        from: None,
        counters: Counters { in_octets: 10, out_octets: 100, seconds, ..Counters::ZERO },
        has_counters: true,
        at: in_seconds(at),
    }
}

/// The session as a report would leave it.
fn opened(mut stored: StoredSession, record: &UsageRecord) -> StoredSession {
    stored.hear(record);
    stored.session.state = SessionState::Open;
    stored.session.last_heard_at = record.at;
    stored.session.counted = Counters { in_octets: u64::MAX, seconds: 300, ..Counters::ZERO };
    stored.session.last_reading = record.counters;
    stored
}

async fn by_id(scene: &Scene, session: SessionId) -> StoredSession {
    let mut tx = scene.tx().await;
    sessions::find(&mut tx, session).await.expect("looks").expect("there")
}

#[tokio::test]
async fn a_granted_session_is_matched_by_its_first_report_and_read_back_whole() {
    let scene = Scene::open().await;
    let older = scene.ours.granted(&scene.store, device(1)).await;
    let session = scene.ours.granted(&scene.store, device(2)).await;
    let report = record(&scene, "80100014", device(2), 5, 0);
    let mut tx = scene.tx().await;

    let mut found = sessions::by_reports_for_update(&mut tx, &[key_of(&report)]).await.expect("looks");
    let (key, stored) = found.pop().expect("found");
    let saved = opened(stored, &report);
    sessions::save_many(&mut tx, std::slice::from_ref(&saved)).await.expect("saves");
    let again = sessions::by_reports_for_update(&mut tx, &[key_of(&report)]).await.expect("looks");
    tx.commit().await.expect("commits");

    assert_eq!((key, saved.id), (key_of(&report), session));
    assert_eq!(again[0].1.id, session);
    let mut expected = saved;
    expected.session.counted.in_octets = u64::try_from(i64::MAX).expect("fits");
    assert_eq!(by_id(&scene, session).await, expected);
    assert_eq!(by_id(&scene, older).await.session.state, SessionState::Granted);
}

#[tokio::test]
async fn a_repeated_stop_finds_its_ended_session_and_a_new_session_under_that_number_does_not() {
    let scene = Scene::open().await;
    let session = scene.ours.granted(&scene.store, device(1)).await;
    let stop = record(&scene, "80100014", device(1), 600, 600);
    let mut ended = opened(by_id(&scene, session).await, &stop);
    ended.session.state = SessionState::Closed(EndCause::Reported(4_000_000_000));
    ended.session.ended_at = Some(stop.at);
    let mut tx = scene.tx().await;
    sessions::save_many(&mut tx, std::slice::from_ref(&ended)).await.expect("saves");

    let repeated = sessions::by_reports_for_update(&mut tx, &[key_of(&stop)]).await.expect("looks");
    let reused = record(&scene, "80100014", device(1), 700, 0);
    let new = sessions::by_reports_for_update(&mut tx, &[key_of(&reused)]).await.expect("looks");

    assert_eq!(repeated[0].1.session.state, SessionState::Closed(EndCause::Reported(4_000_000_000)));
    assert_eq!(new, []);
}

#[tokio::test]
async fn a_session_is_given_to_one_report_alone() {
    let scene = Scene::open().await;
    let session = scene.ours.granted(&scene.store, device(1)).await;
    let mut tx = scene.tx().await;
    let keys = [("a", 5), ("b", 6)].map(|(name, at)| key_of(&record(&scene, name, device(1), at, 0)));

    let found = sessions::by_reports_for_update(&mut tx, &keys).await.expect("looks");

    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].0, found[0].1.id), (&keys[0], session));
}

#[tokio::test]
async fn a_number_that_the_router_uses_again_ends_the_older_session() {
    let scene = Scene::open().await;
    let report = record(&scene, "80100014", device(1), 5, 0);
    let mut batch = Vec::new();
    for _ in 0..3 {
        let session = scene.ours.granted(&scene.store, device(1)).await;
        batch.push(opened(by_id(&scene, session).await, &report));
    }
    let mut tx = scene.tx().await;

    sessions::save_many(&mut tx, &batch[..1]).await.expect("saves");
    sessions::save_many(&mut tx, &batch[1..]).await.expect("saves");
    tx.commit().await.expect("commits");

    let mut states = Vec::new();
    for saved in &batch {
        states.push(by_id(&scene, saved.id).await.session.state);
    }
    let replaced = SessionState::Closed(EndCause::NasRestarted);
    assert_eq!(states, [replaced, replaced, SessionState::Open]);
}

#[tokio::test]
async fn a_restarted_routers_sessions_end_and_their_places_are_free() {
    let scene = Scene::open().await;
    let session = scene.ours.granted(&scene.store, device(1)).await;
    let holder = scene.ours.holder();
    let mut tx = scene.tx().await;
    slots::take(&mut tx, holder, &device(1), cap(1), session, NOW, in_seconds(600)).await.expect("taken");

    let early = sessions::close_all_of_nas(&mut tx, scene.ours.nas_id(), in_seconds(-1)).await.expect("closes");
    let closed = sessions::close_all_of_nas(&mut tx, scene.ours.nas_id(), in_seconds(9)).await.expect("closes");
    let next = slots::take(&mut tx, holder, &device(2), cap(1), id(), in_seconds(10), in_seconds(70)).await;

    assert_eq!((early, closed), (0, 1));
    assert_eq!(next.expect("asks"), Taken::Place(1));
    let stored = sessions::find(&mut tx, session).await.expect("looks").expect("there");
    assert_eq!(stored.session.state, SessionState::Closed(EndCause::NasRestarted));
    assert_eq!(stored.session.ended_at, Some(in_seconds(9)));
}

#[tokio::test]
async fn sessions_that_are_not_heard_of_end_where_they_were_last_heard_of() {
    let scene = Scene::open().await;
    let first = scene.ours.granted(&scene.store, device(1)).await;
    scene.ours.granted(&scene.store, device(2)).await;
    let theirs = scene.theirs.granted(&scene.store, device(3)).await;
    let mut tx = scene.store.tenant(&scene.theirs.scope).await.expect("begins");
    let mut reported = sessions::by_ids_for_update(&mut tx, &[theirs]).await.expect("locks");
    reported[0].session.state = SessionState::Open;
    sessions::save_many(&mut tx, &reported).await.expect("saves");
    tx.commit().await.expect("commits");
    let mut tx = scene.tx().await;

    let early = sessions::close_overdue(&mut tx, in_seconds(59), 10).await.expect("closes");
    let one = sessions::close_overdue(&mut tx, in_seconds(61), 1).await.expect("closes");
    let rest = sessions::close_overdue(&mut tx, in_seconds(61), 10).await.expect("closes");
    tx.commit().await.expect("commits");

    assert_eq!((early, one, rest), (0, 1, 1));
    let stored = by_id(&scene, first).await.session;
    assert_eq!((stored.state, stored.ended_at), (SessionState::Closed(EndCause::LeaseEnded), Some(NOW)));
    let mut system = scene.store.system().await.expect("begins");
    assert_eq!(sessions::count_open(&mut system).await.expect("counts"), 1);
}

#[tokio::test]
async fn sessions_are_listed_newest_first_in_pages() {
    let scene = Scene::open().await;
    let mut made = Vec::new();
    for number in 0..3 {
        made.push(scene.ours.granted(&scene.store, device(number)).await);
    }
    scene.theirs.granted(&scene.store, device(9)).await;
    let mut tx = scene.tx().await;
    let mut told = sessions::by_ids_for_update(&mut tx, &made[..2]).await.expect("locks");
    told[0].session.state = SessionState::Closed(EndCause::Reported(1));
    told[0].session.ended_at = Some(NOW);
    told[1].session.state = SessionState::Open;
    sessions::save_many(&mut tx, &told).await.expect("saves");
    let ids = |rows: &[StoredSession]| rows.iter().map(|session| session.id).collect::<Vec<_>>();

    let all = Filter::default();
    let first = sessions::list(&mut tx, &all, Page::first(2)).await.expect("lists");
    let rest = sessions::list(&mut tx, &all, Page::after(first.next.expect("more"), 2)).await.expect("lists");
    let online = Filter { online_only: true, user_name: None };
    let online = sessions::list(&mut tx, &online, Page::first(9)).await.expect("lists");
    let of_user = Filter { online_only: true, user_name: Some(scene.ours.code.expose().to_owned()) };
    let of_user = sessions::list(&mut tx, &of_user, Page::first(9)).await.expect("lists");
    let of_nobody = Filter { online_only: false, user_name: Some("nobody".to_owned()) };
    let of_nobody = sessions::list(&mut tx, &of_nobody, Page::first(9)).await.expect("lists");

    assert_eq!((ids(&first.rows), ids(&rest.rows)), (vec![made[2], made[1]], vec![made[0]]));
    assert_eq!(ids(&online.rows), [made[1]], "one has ended, one was never reported");
    assert_eq!(ids(&of_user.rows), [made[1]]);
    assert_eq!(of_nobody.rows, []);
}

#[tokio::test]
async fn names_lead_to_their_holders() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let names = [scene.ours.code.expose(), &scene.ours.username, scene.theirs.code.expose(), "nobody", "SAVANNADAY1"];

    let holders = store::access::holders::by_names(&mut tx, &names).await.expect("looks");

    assert_eq!(holders.len(), 2);
    assert_eq!(holders[scene.ours.code.expose()], scene.ours.holder());
    assert_eq!(holders[&scene.ours.username], Holder::Subscriber(scene.ours.subscriber));
}
