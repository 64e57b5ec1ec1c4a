//! The device cap is exact, however many ask at once.

use domain::access::facts::Holder;
use domain::id::SessionId;
use store::StoreError;
use store::access::slots::{self, Renewal, Taken};

use crate::scene::{NOW, Scene, cap, device, id, in_seconds};

async fn try_to_take(scene: &Scene, holder: Holder, number: u8, devices: u16) -> (SessionId, Taken) {
    let session = id();
    let mut tx = scene.tx().await;
    let taken =
        slots::take(&mut tx, holder, &device(number), cap(devices), session, NOW, in_seconds(60)).await.expect("asks");
    tx.commit().await.expect("commits");
    (session, taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_devices_at_once_exactly_the_cap_come_online() {
    let scene = std::sync::Arc::new(Scene::open().await);
    for holder in [scene.ours.holder(), Holder::Subscriber(scene.ours.subscriber)] {
        for round in 0..3 {
            let mut tx = scene.tx().await;
            let mut admin = scene.database.admin().await;
            sqlx::query("delete from slots").execute(&mut admin).await.expect("clears");
            tx.relaxed_durability().await.expect("relaxes");
            drop(tx);

            let tries: Vec<_> = (0..64)
                .map(|number| {
                    let scene = std::sync::Arc::clone(&scene);
                    tokio::spawn(async move { try_to_take(&scene, holder, number, 3).await.1 })
                })
                .collect();
            let mut places = Vec::new();
            for one in tries {
                match one.await.expect("ends") {
                    Taken::Place(number) => places.push(number),
                    Taken::Full => {}
                }
            }

            places.sort_unstable();
            assert_eq!(places, [1, 2, 3], "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_device_that_asks_many_times_at_once_has_one_place() {
    let scene = std::sync::Arc::new(Scene::open().await);
    let holder = scene.ours.holder();

    let tries: Vec<_> = (0..32)
        .map(|_| {
            let scene = std::sync::Arc::clone(&scene);
            tokio::spawn(async move { try_to_take(&scene, holder, 7, 3).await.1 })
        })
        .collect();
    for one in tries {
        assert_eq!(one.await.expect("ends"), Taken::Place(1));
    }
}

#[tokio::test]
async fn a_device_gets_its_own_place_again_and_a_dead_ones_place_goes_to_the_next() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let holder = scene.ours.holder();
    let mut take = async |number: u8, at: i64| {
        slots::take(&mut tx, holder, &device(number), cap(2), id(), in_seconds(at), in_seconds(at + 60))
            .await
            .expect("asks")
    };

    assert_eq!(take(1, 0).await, Taken::Place(1));
    assert_eq!(take(2, 30).await, Taken::Place(2));
    assert_eq!(take(3, 40).await, Taken::Full);
    assert_eq!(take(1, 50).await, Taken::Place(1));
    assert_eq!(take(3, 90).await, Taken::Place(2), "the second device's lease is over");
    assert_eq!(take(1, 500).await, Taken::Place(1), "its own, though its lease is over");
}

#[tokio::test]
async fn a_place_is_renewed_lost_and_found_again() {
    let scene = Scene::open().await;
    let holder = scene.ours.holder();
    let (first, _) = try_to_take(&scene, holder, 1, 1).await;
    let renewal =
        |session, number, until| Renewal { holder, device: device(number), session, lease_until: in_seconds(until) };
    let mut tx = scene.tx().await;

    let kept = slots::renew_many(&mut tx, &[renewal(first, 1, 600)], in_seconds(10)).await.expect("renews");
    let full = slots::take(&mut tx, holder, &device(2), cap(1), id(), in_seconds(500), in_seconds(560)).await;
    let stranger = slots::take(&mut tx, holder, &device(2), cap(1), id(), in_seconds(601), in_seconds(700)).await;
    // The plan has three places, so the first device finds another one.
    let moved = slots::renew_many(&mut tx, &[renewal(first, 1, 900)], in_seconds(610)).await.expect("renews");

    assert_eq!(kept, []);
    assert_eq!(full.expect("asks"), Taken::Full);
    assert_eq!(stranger.expect("asks"), Taken::Place(1));
    assert_eq!(moved, []);
}

#[tokio::test]
async fn sessions_that_find_no_place_are_reported() {
    let scene = Scene::open().await;
    let holder = scene.ours.holder();
    for number in 1..=3 {
        try_to_take(&scene, holder, number, 3).await;
    }
    let mut tx = scene.tx().await;
    let homeless = id();
    let renewals = [
        Renewal { holder, device: device(9), session: homeless, lease_until: in_seconds(600) },
        Renewal { holder, device: device(1), session: id(), lease_until: in_seconds(600) },
    ];

    let placeless = slots::renew_many(&mut tx, &renewals, in_seconds(10)).await.expect("renews");

    assert_eq!(placeless, [homeless]);
}

#[tokio::test]
async fn a_place_is_freed_by_its_own_session_alone() {
    let scene = Scene::open().await;
    let holder = scene.ours.holder();
    let (old, _) = try_to_take(&scene, holder, 1, 1).await;
    let (new, _) = try_to_take(&scene, holder, 1, 1).await;
    let mut tx = scene.tx().await;

    slots::release_many(&mut tx, &[old]).await.expect("releases");
    let still_full = slots::take(&mut tx, holder, &device(2), cap(1), id(), NOW, in_seconds(60)).await;
    slots::release_many(&mut tx, &[new]).await.expect("releases");
    let free = slots::take(&mut tx, holder, &device(2), cap(1), id(), NOW, in_seconds(60)).await;

    assert_eq!(still_full.expect("asks"), Taken::Full);
    assert_eq!(free.expect("asks"), Taken::Place(1));
}

#[tokio::test]
async fn a_holder_that_is_not_there_has_no_places() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let refused = slots::take(&mut tx, Holder::Voucher(id()), &device(1), cap(1), id(), NOW, in_seconds(60)).await;

    assert!(matches!(refused, Err(StoreError::Missing { what: "voucher" })), "{refused:?}");
}
