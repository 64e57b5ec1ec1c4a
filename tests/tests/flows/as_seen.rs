//! A deed that is meant for a subscriber or voucher as somebody has seen it: nothing is done to one that was changed since.

use actions::people::move_to_plan::{MoveError, move_as_seen};
use actions::people::renew_subscriber::{RenewError, renew_as_seen};
use actions::people::suspend;
use actions::sales::vouchers_in_bulk::{Deed, Fate, voucher_as_seen};
use domain::sales::plan::PlanService;
use store::people::subscribers;
use store::sales::vouchers;
use tests::world::{World, hour, month};

#[tokio::test]
async fn what_was_changed_since_it_was_seen_is_left_as_it_is() {
    let world = World::open().await.expect("a world");
    let (store, scope, zone) = (&world.store, &world.isp.scope, &world.isp.tenant.zone);
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    let fast = world.sells(&world.isp, month(), "fast", PlanService::Pppoe).await.expect("sold");
    let day = world.sells(&world.isp, hour(), "day", PlanService::Hotspot).await.expect("sold");
    world.connects(&world.isp, &home, "house-1", "karibu").await.expect("connected");
    world.prints(&world.isp, &day, &["Seen7Card"]).await.expect("printed");
    let house = "house-1".parse().expect("a name");
    let mut tx = store.tenant(scope).await.expect("begun");
    let subscriber = subscribers::find_by_username(&mut tx, &house).await.expect("found").expect("there");
    let seen = subscribers::find(&mut tx, subscriber.id, None).await.expect("found").expect("there");
    let card =
        vouchers::find_by_code(&mut tx, &"Seen7Card".parse().expect("a code")).await.expect("found").expect("there");
    drop(tx);
    let which = (&house, Some(&seen));
    let moved = move_as_seen(store, scope, which, &fast, world.context()).await;
    let sold = voucher_as_seen(store, scope, zone, &card, Deed::Sell, world.context()).await.expect("done");

    let again = move_as_seen(store, scope, which, &home, world.context()).await;
    let renewed = renew_as_seen(store, scope, zone, which, None, world.context()).await;
    let stopped = suspend::as_seen(store, scope, which, suspend::Deed::Suspend, world.context()).await.expect("looked");
    let revoked = voucher_as_seen(store, scope, zone, &card, Deed::Revoke, world.context()).await.expect("looked");

    assert!(moved.is_ok() && sold.is_done(), "{moved:?} {sold:?}");
    assert!(matches!(again, Err(MoveError::Changed)) && matches!(renewed, Err(RenewError::Changed)));
    assert_eq!((stopped, revoked), (suspend::Fate::Changed, Fate::Changed));
    let mut tx = store.tenant(scope).await.expect("begun");
    let now = subscribers::find(&mut tx, subscriber.id, None).await.expect("found").expect("there");
    assert_eq!((now.subscriber.plan, now.subscriber.until), (fast.id, seen.subscriber.until));
    assert_eq!(now.subscriber.standing, seen.subscriber.standing);
}
