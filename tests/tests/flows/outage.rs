//! The database goes away and comes back.

use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::sales::plan::{DeviceCap, PlanService};
use domain::time::Span;
use ports::Clock;
use store::access::sessions::{self, Filter};
use store::access::slots;
use store::sales::vouchers;
use tests::client::{Reply, Report, Router};
use tests::world::{World, hour, month};

const PHONE: &str = "02:00:00:00:00:0A";
const HOUSES: usize = 40;

#[tokio::test]
async fn a_database_that_is_away_means_silence_and_never_a_reject() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");

    world.database.goes_away().await;
    let during = world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent");
    world.database.comes_back().await;
    let after = answered(&world, "Sunrise77").await;

    assert!(during.is_none(), "an answer about a name that nobody here knows");
    assert!(after.expect("an answer").is_accept());
}

/// The answer to a phone that tries again until it gets one.
async fn answered(world: &World, code: &str) -> Option<Reply> {
    let hasty = Router { patience: Duration::from_millis(500), ..world.isp.router.clone() };
    for _ in 0..60 {
        let reply = hasty.asks(code, "", PHONE).await.expect("sent");
        if reply.is_some() {
            return reply;
        }
    }
    None
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

#[tokio::test]
async fn reports_are_answered_while_the_database_is_away_and_are_in_it_once_afterwards() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    for house in 0..HOUSES {
        world.connects(&world.isp, &plan, &format!("house-{house}"), "karibu").await.expect("connected");
    }

    let mut reporting = Vec::new();
    for house in 0..HOUSES {
        let router = world.isp.router.clone();
        reporting.push(tokio::spawn(async move {
            for (status, octets) in [(START, 0), (INTERIM_UPDATE, 1_000), (INTERIM_UPDATE, 2_000), (STOP, 3_000)] {
                reports(&router, house, status, octets).await;
            }
        }));
        if house == HOUSES / 2 {
            world.database.goes_away().await;
        }
    }
    for task in reporting {
        task.await.expect("every report is answered");
    }
    let during = world.store.tenant(&world.isp.scope).await.is_ok();
    world.database.comes_back().await;
    world.drained().await;

    assert!(!during, "the database was away while the last reports were answered");
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("a transaction");
    let filter = Filter { online_only: false, user_name: None };
    let all = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows;
    let mut numbers: Vec<_> = all.iter().filter_map(|session| session.acct_session_id.clone()).collect();
    numbers.sort();
    assert_eq!(numbers, (0..HOUSES).map(number).collect::<Vec<_>>(), "each once");
    assert!(all.iter().all(|one| one.session.counted.in_octets == 3_000 && one.session.ended_at.is_some()));
}

fn number(house: usize) -> String {
    format!("81{house:06}")
}

async fn reports(router: &Router, house: usize, status: u32, octets: u64) {
    let report = Report {
        status,
        session: &number(house),
        user: &format!("house-{house}"),
        mac: &format!("02:00:00:00:01:{house:02X}"),
        class: &[],
        in_octets: octets,
        out_octets: octets,
        seconds: u32::try_from(octets / 10).expect("small"),
    };
    router.reports(&report).await.expect("sent").expect("an answer");
}
