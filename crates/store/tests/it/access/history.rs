//! Ended sessions are kept apart from those that live, and nobody who looks for one notices.

use domain::access::session::{EndCause, SessionState};
use domain::id::SessionId;
use store::Page;
use store::access::sessions::Filter;
use store::access::{history, sessions};

use crate::scene::{NOW, Scene, device, in_seconds};

async fn listed(scene: &Scene, user: Option<&str>) -> Vec<SessionId> {
    let filter = Filter { online_only: false, user_name: user.map(str::to_owned) };
    let mut tx = scene.tx().await;
    let first = sessions::list(&mut tx, &filter, Page::first(1)).await.expect("listed");
    let mut ids: Vec<_> = first.rows.iter().map(|session| session.id).collect();
    let mut next = first.next;
    while let Some(after) = next {
        let page = sessions::list(&mut tx, &filter, Page::after(after, 1)).await.expect("listed");
        ids.extend(page.rows.iter().map(|session| session.id));
        next = page.next;
    }
    ids
}

/// One that ended a second ago and is kept aside, and one that lives.
async fn kept_and_living(scene: &Scene) -> [SessionId; 2] {
    let old = scene.ours.granted(&scene.store, device(1)).await;
    let mut tx = scene.tx().await;
    sessions::close_all_of_nas(&mut tx, scene.ours.nas_id(), in_seconds(1)).await.expect("closed");
    tx.commit().await.expect("commits");
    let living = scene.ours.granted(&scene.store, device(2)).await;
    let mut tx = scene.tx().await;
    assert_eq!(history::archive(&mut tx, in_seconds(1), 10).await.expect("kept"), 0, "it ends now, not before");
    assert_eq!(history::archive(&mut tx, in_seconds(2), 10).await.expect("kept"), 1);
    tx.commit().await.expect("commits");
    [old, living]
}

#[tokio::test]
async fn a_session_that_is_kept_aside_is_listed_and_found_as_before() {
    let scene = Scene::open().await;
    let [old, living] = kept_and_living(&scene).await;

    let name = scene.ours.code.expose();
    assert_eq!(listed(&scene, None).await, [living, old]);
    assert_eq!(listed(&scene, Some(name)).await, [living, old]);
    let mut tx = scene.tx().await;
    let found = sessions::find(&mut tx, old).await.expect("read").expect("there");
    assert_eq!(found.session.state, SessionState::Closed(EndCause::NasRestarted));
    assert_eq!(sessions::open(&mut tx, None, 10).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_record_about_one_that_is_kept_aside_brings_it_back() {
    let scene = Scene::open().await;
    let [old, living] = kept_and_living(&scene).await;

    let mut tx = scene.tx().await;
    let locked = sessions::by_ids_for_update(&mut tx, &[old, living]).await.expect("locked");
    tx.commit().await.expect("commits");

    assert_eq!(locked.len(), 2);
    assert_eq!(listed(&scene, None).await, [living, old], "each once");
    let mut tx = scene.tx().await;
    assert_eq!(history::archive(&mut tx, in_seconds(2), 10).await.expect("kept"), 1, "and is kept aside again");
}

#[tokio::test]
async fn what_is_older_than_its_tenant_wants_is_let_go_of_and_the_other_tenants_stays() {
    let scene = Scene::open().await;
    let [old, living] = kept_and_living(&scene).await;
    let theirs = scene.theirs.granted(&scene.store, device(1)).await;
    let mut tx = scene.their_tx().await;
    sessions::close_all_of_nas(&mut tx, scene.theirs.nas_id(), in_seconds(1)).await.expect("closed");
    history::archive(&mut tx, in_seconds(2), 10).await.expect("kept");
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    assert_eq!(history::forget(&mut tx, in_seconds(1), 10).await.expect("looked"), 0);
    assert_eq!(history::forget(&mut tx, in_seconds(2), 10).await.expect("forgotten"), 1);
    tx.commit().await.expect("commits");

    assert_eq!(listed(&scene, None).await, [living]);
    assert!(!listed(&scene, None).await.contains(&old));
    let mut tx = scene.their_tx().await;
    assert!(sessions::find(&mut tx, theirs).await.expect("read").is_some());
}

#[tokio::test]
async fn both_tables_have_the_same_columns_in_the_same_order() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    let columns: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select table_name::text, array_agg(column_name::text || ' ' || data_type order by ordinal_position)
         from information_schema.columns
         where table_name in ('sessions', 'session_history')
         group by table_name",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");

    assert_eq!(columns.len(), 2);
    assert_eq!(columns[0].1, columns[1].1, "whoever adds a column to one adds it to the other, in the same place");
}

#[tokio::test]
async fn months_are_made_ahead_and_sessions_go_to_theirs() {
    let scene = Scene::open().await;
    for _ in 0..2 {
        let mut system = scene.store.system().await.expect("begins");
        history::prepare(&mut system, NOW).await.expect("made");
        system.commit().await.expect("commits");
    }
    // As every id is made: the first six octets are the moment, in milliseconds.
    let [.., a, b, c, d, e, f] = (NOW.as_micros() / 1_000).to_be_bytes();
    let session = SessionId::from_bytes([a, b, c, d, e, f, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]);
    let mut tx = scene.tx().await;
    sessions::insert_granted(&mut tx, &scene.ours.new_session(session, device(1))).await.expect("inserted");
    sessions::close_all_of_nas(&mut tx, scene.ours.nas_id(), in_seconds(1)).await.expect("closed");
    assert_eq!(history::archive(&mut tx, in_seconds(2), 10).await.expect("kept"), 1);
    tx.commit().await.expect("commits");
    let mut admin = scene.database.admin().await;

    let elsewhere: i64 =
        sqlx::query_scalar("select count(*) from session_history_other").fetch_one(&mut admin).await.expect("read");
    let all: i64 =
        sqlx::query_scalar("select count(*) from session_history").fetch_one(&mut admin).await.expect("read");

    assert_eq!((all, elsewhere), (1, 0));
}
