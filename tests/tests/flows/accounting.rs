//! A router reports.

use std::net::IpAddr;
use std::time::Duration;

use actions::access::close_overdue::close_overdue;
use actions::access::record_usage::record_usage;
use actions::network::register_nas;
use dictionaries::rfc2866::acct_status_type::{ACCOUNTING_ON, INTERIM_UPDATE, START, STOP};
use domain::access::attempt::{AskedService, Device};
use domain::access::session::{EndCause, SessionState};
use domain::access::usage::{Counters, UsageKind, UsageRecord};
use domain::id::SessionId;
use domain::sales::plan::PlanService;
use domain::time::Span;
use ports::Clock;
use store::access::sessions::{Filter, StoredSession};
use tests::client::{Report, Router};
use tests::world::{Isp, World, a_router, month};

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
    world.drained().await;
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
async fn a_session_that_is_not_known_any_more_is_its_subscribers_by_class() {
    let world = world_with_a_house().await;
    let ours = nas::class::decode(&class(&world).await).expect("ours");
    let lost = nas::class::encode(SessionId::from_bytes([3; 16]), ours.holder.expect("a holder"));
    let stop = Report { user: "renamed", ..report(STOP, &lost, 900, 400) };

    world.isp.router.reports(&stop).await.expect("sent").expect("an answer");
    world.other.router.reports(&stop).await.expect("sent").expect("an answer");

    let holders = |sessions: Vec<StoredSession>| -> Vec<_> {
        sessions.into_iter().filter(|session| session.user_name == "renamed").map(|session| session.holder).collect()
    };
    assert_eq!(holders(sessions(&world, &world.isp).await), [ours.holder]);
    assert_eq!(holders(sessions(&world, &world.other).await), [None], "another ISP's subscriber is nobody's claim");
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

/// The state of the only session, once it was ended for silence.
async fn ended_meanwhile(world: &World) -> SessionState {
    for _ in 0..400 {
        let state = sessions(world, &world.isp).await[0].session.state;
        if state != SessionState::Open {
            return state;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    SessionState::Open
}

#[tokio::test]
async fn a_session_that_was_thought_dead_lives_again_with_its_next_report() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    for (status, octets, seconds) in [(START, 0, 0), (INTERIM_UPDATE, 500, 300)] {
        world.isp.router.reports(&report(status, &class, octets, seconds)).await.expect("sent").expect("an answer");
    }

    world.drained().await;
    // Nobody heard of it for an hour: the way to the server was broken, not the way to the customer.
    world.clock.passes(Span::minutes(60));
    let meanwhile = ended_meanwhile(&world).await;
    let late = report(INTERIM_UPDATE, &class, 500, 300);
    world.isp.router.reports(&late).await.expect("sent").expect("an answer");
    let after_a_late_copy = sessions(&world, &world.isp).await[0].session.state;
    let next = report(INTERIM_UPDATE, &class, 900, 3_900);
    world.isp.router.reports(&next).await.expect("sent").expect("an answer");
    world.drained().await;
    let other =
        world.isp.router.asks("house-12", "karibu", "02:00:00:00:00:77").await.expect("sent").expect("answered");

    assert_eq!(meanwhile, SessionState::Closed(EndCause::LeaseEnded));
    assert_eq!(after_a_late_copy, meanwhile, "a copy of what we knew is no news");
    let all = sessions(&world, &world.isp).await;
    assert_eq!((all.len(), all[0].session.state, all[0].session.ended_at), (1, SessionState::Open, None));
    assert_eq!(all[0].session.counted.in_octets, 900);
    assert_eq!(other.sentence(), "already in use on another device", "it has its place again");
}

#[tokio::test]
async fn a_start_that_comes_after_the_reservation_opens_its_session_all_the_same() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.clock.passes(Span::seconds(90));
    close_overdue(&world.store, &world.isp.scope, world.context()).await.expect("closed");

    world.isp.router.reports(&report(START, &class, 0, 0)).await.expect("sent").expect("an answer");

    let all = sessions(&world, &world.isp).await;
    assert_eq!((all.len(), all[0].session.state), (1, SessionState::Open));
    assert_eq!(all[0].acct_session_id.as_deref(), Some("81000001"));
}

#[tokio::test]
async fn a_record_that_waited_long_on_its_router_does_not_shorten_the_lease() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.isp.router.reports(&report(INTERIM_UPDATE, &class, 900, 600)).await.expect("sent").expect("an answer");
    let before = sessions(&world, &world.isp).await.remove(0);
    let waited = UsageRecord {
        tenant: world.isp.tenant.id,
        nas: before.nas,
        kind: UsageKind::Interim,
        session: Some(before.id),
        holder: before.holder,
        acct_session_id: "81000001".to_owned(),
        user_name: "house-12".to_owned(),
        device: Device::from_key(HOUSE),
        service: AskedService::Ppp,
        framed_ip: None,
        from: None,
        counters: Counters { in_octets: 500, seconds: 300, ..Counters::ZERO },
        has_counters: true,
        at: world.clock.now().minus(Span::minutes(20)),
    };

    record_usage(&world.store, &world.isp.scope, &[&waited], 300, world.context()).await.expect("recorded");
    let closed = close_overdue(&world.store, &world.isp.scope, world.context()).await.expect("closed");

    assert_eq!(closed, 0);
    assert_eq!(sessions(&world, &world.isp).await[0].lease_until, before.lease_until);
}

#[tokio::test]
async fn another_router_of_the_same_isp_cannot_end_a_session_with_its_class() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.isp.router.reports(&report(START, &class, 0, 0)).await.expect("sent").expect("an answer");
    let from: IpAddr = "127.0.0.3".parse().expect("good");
    let new = a_router("hill", &from.to_string(), "testing123").expect("good");
    register_nas::register_nas(&world.store, &world.isp.scope, new, world.context()).await.expect("registered");
    let hill = Router { from, patience: Duration::from_millis(100), ..world.isp.router.clone() };

    let mut answered = false;
    for _ in 0..50 {
        answered |= hill.reports(&report(STOP, &class, 66, 6)).await.expect("sent").is_some();
    }

    assert!(answered, "its own record is kept, and answered");
    let all = sessions(&world, &world.isp).await;
    let towers = all.iter().find(|session| session.session.ended_at.is_none()).expect("still online");
    assert_eq!((all.len(), towers.session.counted.in_octets), (2, 0));
}

#[tokio::test]
async fn one_class_under_two_numbers_is_one_session_in_one_batch() {
    let world = world_with_a_house().await;
    let class = class(&world).await;
    world.isp.router.reports(&report(START, &class, 0, 0)).await.expect("sent").expect("an answer");
    let known = sessions(&world, &world.isp).await.remove(0);
    let record = |number: &str, seconds: u64| UsageRecord {
        tenant: world.isp.tenant.id,
        nas: known.nas,
        kind: UsageKind::Interim,
        session: Some(SessionId::from_bytes([7; 16])),
        holder: None,
        acct_session_id: number.to_owned(),
        user_name: "house-12".to_owned(),
        device: Device::from_key(HOUSE),
        service: AskedService::Ppp,
        framed_ip: None,
        from: None,
        counters: Counters { in_octets: seconds, seconds, ..Counters::ZERO },
        has_counters: true,
        at: world.clock.now(),
    };
    let (first, second) = (record("a", 10), record("b", 20));

    let recorded = record_usage(&world.store, &world.isp.scope, &[&first, &second], 300, world.context()).await;

    assert_eq!(recorded.expect("recorded").unannounced, 1);
}

#[tokio::test]
async fn names_of_any_octets_and_any_length_are_kept_as_far_as_they_fit() {
    let world = world_with_a_house().await;
    let strange = ["\0x".repeat(126), "é".repeat(126), "\u{202e}'; drop table nas; --\u{1f}\n".to_owned()];

    for name in &strange {
        let asked = world.isp.router.asks(name, name.get(..100).unwrap_or(name), name).await.expect("sent");
        let report =
            Report { session: name, user: name, mac: name, class: name.as_bytes(), ..report(STOP, &[], 900, 400) };
        let reported = world.isp.router.reports(&report).await.expect("sent");
        assert!(asked.is_some_and(|reply| !reply.is_accept()) && reported.is_some(), "{name:?}");
    }

    let all = sessions(&world, &world.isp).await;
    assert_eq!(all.len(), strange.len());
    assert!(all.iter().all(|session| !session.user_name.contains(|c: char| c.is_control() || c == '\u{202e}')));
}

#[tokio::test]
async fn a_restart_among_many_records_ends_what_came_before_it_and_nothing_that_came_after() {
    let world = world_with_a_house().await;
    let old = class(&world).await;
    world.isp.router.reports(&report(START, &old, 0, 0)).await.expect("sent").expect("an answer");
    world.isp.router.reports(&report(ACCOUNTING_ON, &[], 0, 0)).await.expect("sent").expect("an answer");
    world.clock.passes(Span::seconds(5));

    let new = class(&world).await;
    world.isp.router.reports(&report(START, &new, 0, 0)).await.expect("sent").expect("an answer");
    world.isp.router.reports(&report(STOP, &old, 700, 300)).await.expect("sent").expect("an answer");

    let all = sessions(&world, &world.isp).await;
    assert_eq!(all.iter().map(|session| session.session.ended_at.is_some()).collect::<Vec<_>>(), [false, true]);
}
