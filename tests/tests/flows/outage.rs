//! The database goes away and comes back.

use std::time::Duration;

use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::sales::plan::{DeviceCap, PlanService};
use domain::time::Span;
use ports::Clock;
use store::access::slots;
use store::sales::vouchers;
use tests::world::{World, hour};

const PHONE: &str = "02:00:00:00:00:0A";

#[tokio::test]
async fn a_database_that_is_away_means_silence_and_never_a_reject() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");

    world.database.goes_away().await;
    let during = world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent");
    world.database.comes_back().await;
    let after = world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent");

    assert!(during.is_none(), "an answer without a database");
    assert!(after.expect("an answer").is_accept());
}

#[tokio::test]
async fn a_login_that_was_taken_in_is_answered_before_the_role_stops() {
    let mut world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let mut slow = world.store.tenant(&world.isp.scope).await.expect("begun");
    let code = "Sunrise77".parse().expect("good");
    let voucher = vouchers::find_by_code(&mut slow, &code).await.expect("looked up").expect("there").id;
    let (now, session) = (world.clock.now(), world.context().new_id());
    let (holder, until) = (Holder::Voucher(voucher), now.plus(Span::seconds(1)));
    slots::take(&mut slow, holder, &Device::Unnamed, DeviceCap::ONE, session, now, until).await.expect("locked");
    let router = world.isp.router.clone();
    let login = tokio::spawn(async move { router.asks("Sunrise77", "", PHONE).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    let stopped = tokio::time::timeout(Duration::from_millis(500), world.stops()).await;
    drop(slow);
    let reply = login.await.expect("no panic").expect("sent");

    assert!(stopped.is_err(), "it stopped while a login was waiting");
    assert!(reply.expect("an answer").is_accept());
}

#[tokio::test]
async fn a_database_that_says_nothing_does_not_keep_the_role_from_stopping() {
    let mut world = World::open().await.expect("a world");
    let mut admin = world.database.admin().await;
    sqlx::raw_sql("begin; lock table nas in access exclusive mode").execute(&mut admin).await.expect("locked");
    tokio::time::sleep(Duration::from_secs(1)).await;

    let stopped = tokio::time::timeout(Duration::from_secs(2), world.stops()).await;

    assert!(stopped.is_ok(), "it waits for the database");
}
