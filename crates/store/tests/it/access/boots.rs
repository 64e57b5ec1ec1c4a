//! Runs of a router, in the numbers of its sessions.

use domain::access::boot::{Boot, BootSeen};
use domain::access::session::{EndCause, SessionState};
use domain::id::SessionId;
use store::access::slots::{self, Taken};
use store::access::{boots, sessions};

use crate::scene::{Isp, NOW, Scene, cap, device, id, in_seconds};

fn boot(prefix: &str) -> Boot {
    Boot::of_prefix(prefix).expect("a run")
}

/// A session that its router has reported under a number, and that was heard of then.
async fn reported(scene: &Scene, side: &Isp, number: &str, from: u8, (heard, online): (i64, u64)) -> SessionId {
    let session = side.granted(&scene.store, device(from)).await;
    let mut tx = scene.store.tenant(&side.scope).await.expect("begins");
    let mut stored = sessions::by_ids_for_update(&mut tx, &[session]).await.expect("locks");
    stored[0].acct_session_id = Some(number.to_owned());
    stored[0].session.state = SessionState::Open;
    stored[0].session.last_heard_at = in_seconds(heard);
    stored[0].session.last_reading.seconds = online;
    sessions::save_many(&mut tx, &stored).await.expect("saves");
    tx.commit().await.expect("commits");
    session
}

#[tokio::test]
async fn the_runs_of_a_router_are_read_from_its_open_sessions_alone() {
    let scene = Scene::open().await;
    reported(&scene, &scene.ours, "81100001", 1, (300, 400)).await;
    reported(&scene, &scene.ours, "8110000A", 2, (250, 0)).await;
    reported(&scene, &scene.ours, "812000ff", 3, (400, 0)).await;
    reported(&scene, &scene.ours, "5f3a-001", 4, (400, 0)).await;
    reported(&scene, &scene.theirs, "81900001", 1, (300, 0)).await;

    let mut tx = scene.tx().await;
    let seen = boots::seen(&mut tx, scene.ours.nas_id()).await.expect("reads");

    let first = BootSeen {
        boot: boot("811"),
        sessions: 2,
        began_at: in_seconds(-100),
        last_heard_at: in_seconds(300),
        highest: 10,
    };
    assert_eq!(seen, [first, BootSeen::one(boot("812"), 255, NOW, in_seconds(400))]);
}

#[tokio::test]
async fn the_sessions_of_a_run_end_where_they_were_last_heard_of_and_their_places_are_free() {
    let scene = Scene::open().await;
    let dead = reported(&scene, &scene.ours, "81100001", 1, (300, 300)).await;
    let heard_since = reported(&scene, &scene.ours, "81100002", 2, (500, 500)).await;
    let of_the_next_run = reported(&scene, &scene.ours, "81200001", 3, (400, 0)).await;
    let theirs = reported(&scene, &scene.theirs, "81100001", 1, (300, 300)).await;
    let holder = scene.ours.holder();
    let mut tx = scene.tx().await;
    slots::take(&mut tx, holder, &device(1), cap(1), dead, NOW, in_seconds(900)).await.expect("taken");

    let closed = boots::close(&mut tx, scene.ours.nas_id(), &[boot("811")], in_seconds(390)).await.expect("closes");
    let next = slots::take(&mut tx, holder, &device(9), cap(1), id(), in_seconds(410), in_seconds(470)).await;
    tx.commit().await.expect("commits");

    assert_eq!((closed, next.expect("asks")), (1, Taken::Place(1)));
    let mut tx = scene.tx().await;
    let ended = sessions::find(&mut tx, dead).await.expect("looks").expect("there").session;
    assert_eq!((ended.state, ended.ended_at), (SessionState::Closed(EndCause::NasRestarted), Some(in_seconds(300))));
    for lives in [heard_since, of_the_next_run] {
        assert_eq!(sessions::find(&mut tx, lives).await.expect("looks").expect("there").session.ended_at, None);
    }
    let mut tx = scene.store.tenant(&scene.theirs.scope).await.expect("begins");
    assert_eq!(sessions::find(&mut tx, theirs).await.expect("looks").expect("there").session.ended_at, None);
}
