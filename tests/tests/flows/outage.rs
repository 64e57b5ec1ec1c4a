//! The database goes away and comes back.

use domain::sales::plan::PlanService;
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
