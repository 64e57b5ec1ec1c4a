//! A router reports.

use dictionaries::rfc2866::acct_status_type::{ACCOUNTING_ON, INTERIM_UPDATE, START, STOP};
use domain::sales::plan::PlanService;
use store::access::sessions::{Filter, StoredSession};
use tests::client::Report;
use tests::world::{Isp, World, month};

const HOUSE: &str = "02:00:00:00:00:0C";

async fn world_with_a_house() -> World {
    let world = World::open().await.expect("a world");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu").await.expect("connected");
    world
}

fn report<'a>(status: u32, class: &'a [u8], in_octets: u64, seconds: u32) -> Report<'a> {
    Report {
        status,
        session: "81000001",
        user: "house-12",
        mac: HOUSE,
        class,
        in_octets,
        out_octets: in_octets * 10,
        seconds,
    }
}

async fn sessions(world: &World, isp: &Isp) -> Vec<StoredSession> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("a transaction");
    let filter = Filter { online_only: false, user_name: None };
    store::access::sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows
}

async fn class(world: &World) -> Vec<u8> {
    let reply = world.isp.router.asks("house-12", "karibu", HOUSE).await.expect("sent").expect("an answer");
    assert!(reply.is_accept(), "{}", reply.sentence());
    reply.class()
}

#[tokio::test]
async fn records_in_any_order_and_repeated_make_one_session() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    let five_gigabytes = 5_000_000_000;

    for (status, octets, seconds) in [
        (INTERIM_UPDATE, 1_000, 300),
        (START, 0, 0),
        (INTERIM_UPDATE, 1_000, 300),
        (STOP, five_gigabytes, 900),
        (INTERIM_UPDATE, 2_000, 600),
        (STOP, five_gigabytes, 900),
    ] {
        let answer = world.isp.router.reports(&report(status, &class, octets, seconds)).await.expect("sent");
        assert!(answer.is_some());
    }

    let all = sessions(&world, &world.isp).await;
    assert_eq!(all.len(), 1);
    let counted = all[0].session.counted;
    assert_eq!((counted.in_octets, counted.out_octets, counted.seconds), (five_gigabytes, five_gigabytes * 10, 900));
    assert!(all[0].session.ended_at.is_some());
}

#[tokio::test]
async fn a_router_that_forgets_class_is_understood() {
    let world = world_with_a_house().await;
    class(&world).await;

    for (status, octets, seconds) in [(START, 0, 0), (INTERIM_UPDATE, 700, 300), (STOP, 900, 400)] {
        world.isp.router.reports(&report(status, &[], octets, seconds)).await.expect("sent").expect("an answer");
    }

    let all = sessions(&world, &world.isp).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].session.counted.in_octets, 900);
}

#[tokio::test]
async fn a_session_that_was_never_accepted_here_is_kept_all_the_same() {
    let world = world_with_a_house().await;

    world.isp.router.reports(&report(STOP, &[], 900, 400)).await.expect("sent").expect("an answer");

    let all = sessions(&world, &world.isp).await;
    assert_eq!(all.len(), 1);
    assert!(all[0].holder.is_some(), "the user name says whose it is");
}

#[tokio::test]
async fn another_isps_router_cannot_touch_a_session_with_its_class() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.isp.router.reports(&report(START, &class, 0, 0)).await.expect("sent").expect("an answer");

    world.other.router.reports(&report(STOP, &class, 66, 6)).await.expect("sent").expect("an answer");

    let ours = sessions(&world, &world.isp).await;
    assert_eq!((ours.len(), ours[0].session.ended_at), (1, None));
    assert_eq!(ours[0].session.counted.in_octets, 0);
}

#[tokio::test]
async fn a_router_that_restarts_ends_its_sessions_and_frees_their_places() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.isp.router.reports(&report(START, &class, 0, 0)).await.expect("sent").expect("an answer");

    world.isp.router.reports(&report(ACCOUNTING_ON, &[], 0, 0)).await.expect("sent").expect("an answer");

    assert!(sessions(&world, &world.isp).await[0].session.ended_at.is_some());
    let next = world.isp.router.asks("house-12", "karibu", "02:00:00:00:00:77").await.expect("sent").expect("answered");
    assert!(next.is_accept(), "{}", next.sentence());
}

#[tokio::test]
async fn what_was_taken_in_is_written_before_the_role_stops() {
    let mut world = world_with_a_house().await;
    let class = class(&world).await;
    for number in 0..50_u32 {
        let octets = u64::from(number) * 100;
        let answer = world.isp.router.reports(&report(INTERIM_UPDATE, &class, octets, number)).await.expect("sent");
        assert!(answer.is_some());
    }

    world.stops().await.expect("stopped");

    assert_eq!(sessions(&world, &world.isp).await[0].session.counted.in_octets, 4_900);
}
