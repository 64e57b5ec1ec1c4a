//! Routers that restart, lose reports, repeat them, or count as they like. Each story is told twice: where logins are
//! decided from memory, and where the database decides.
//!
//! The rules are in `docs/accounting.md`, each with the stories that prove it.

use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{ACCOUNTING_OFF, ACCOUNTING_ON, INTERIM_UPDATE, START, STOP};
use domain::access::session::{EndCause, SessionState};
use domain::sales::plan::PlanService;
use domain::time::Span;
use ports::Clock;
use store::access::sessions::{Filter, StoredSession};
use tests::client::{Reply, Report};
use tests::world::{Isp, World, month};

const HOUSE: &str = "02:00:00:00:00:0C";
const OTHER_DEVICE: &str = "02:00:00:00:00:77";

/// Tells a story on both grounds.
async fn told_twice(story: impl AsyncFn(World)) {
    for from_memory in [false, true] {
        let world = World::open_with(|settings| settings.decides_from_memory = from_memory).await.expect("a world");
        story(world).await;
    }
}

/// Connects some houses of an ISP: `house-1` and so on.
async fn connects(world: &World, isp: &Isp, houses: u8) {
    let home = world.sells(isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    for house in 1..=houses {
        world.connects(isp, &home, &format!("house-{house}"), "karibu").await.expect("connected");
    }
    world.knows_what_changed().await;
}

async fn asks(isp: &Isp, user: &str, mac: &str) -> Reply {
    isp.router.asks(user, "karibu", mac).await.expect("sent").expect("an answer")
}

async fn reports(isp: &Isp, report: &Report<'_>) {
    isp.router.reports(report).await.expect("sent").expect("an answer");
}

async fn sessions(world: &World, isp: &Isp) -> Vec<StoredSession> {
    world.drained().await;
    let mut tx = world.store.tenant(&isp.scope).await.expect("a transaction");
    let filter = Filter { online_only: false, user_name: None };
    store::access::sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows
}

async fn only_session(world: &World) -> StoredSession {
    let mut all = sessions(world, &world.isp).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// `house-1` on a session that its router calls `81100001`.
const fn report(status: u32, class: &[u8], in_octets: u64, seconds: u32) -> Report<'_> {
    Report { status, session: "81100001", user: "house-1", mac: HOUSE, class, in_octets, out_octets: 0, seconds }
}

/// Logs a house in under a number, and has its router report it. Gives its Class.
async fn comes_online(world: &World, isp: &Isp, house: u8, number: &str) -> Vec<u8> {
    let (user, mac) = (format!("house-{house}"), format!("02:00:00:00:00:{house:02X}"));
    let reply = asks(isp, &user, &mac).await;
    assert!(reply.is_accept(), "{}", reply.sentence());
    let class = reply.class();
    tells(isp, START, house, number, &class, 0).await;
    world.drained().await;
    class
}

async fn tells(isp: &Isp, status: u32, house: u8, number: &str, class: &[u8], seconds: u32) {
    let (user, mac) = (format!("house-{house}"), format!("02:00:00:00:00:{house:02X}"));
    let (session, in_octets) = (number, u64::from(seconds) * 10);
    reports(isp, &Report { status, session, user: &user, mac: &mac, class, in_octets, out_octets: 0, seconds }).await;
}

/// Which of an ISP's sessions are open, by their numbers.
async fn open(world: &World, isp: &Isp) -> Vec<String> {
    let all = sessions(world, isp).await;
    let open = all.into_iter().filter(|session| session.session.ended_at.is_none());
    let mut numbers: Vec<_> = open.filter_map(|session| session.acct_session_id).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn a_router_that_lost_power_has_lost_the_sessions_of_its_run_before_and_no_other_router_has() {
    told_twice(async |world: World| {
        for isp in [&world.isp, &world.other] {
            connects(&world, isp, 4).await;
            comes_online(&world, isp, 1, "81100001").await;
            let class = comes_online(&world, isp, 2, "81100002").await;
            world.clock.passes(Span::minutes(1));
            tells(isp, INTERIM_UPDATE, 2, "81100002", &class, 60).await;
        }
        let heard_last = sessions(&world, &world.isp).await;

        // Both routers were silent for two minutes; one of them had lost power.
        world.clock.passes(Span::minutes(2));
        comes_online(&world, &world.isp, 3, "81200000").await;
        let after_one = open(&world, &world.isp).await;
        comes_online(&world, &world.isp, 4, "81200001").await;
        comes_online(&world, &world.other, 3, "81100003").await;
        comes_online(&world, &world.other, 4, "81100004").await;

        assert_eq!(after_one, ["81100001", "81100002", "81200000"], "one number alone may be a fault");
        assert_eq!(open(&world, &world.isp).await, ["81200000", "81200001"]);
        assert_eq!(open(&world, &world.other).await.len(), 4, "another ISP's router");
        for before in heard_last {
            let all = sessions(&world, &world.isp).await;
            let ended = all.into_iter().find(|session| session.id == before.id).expect("kept");
            assert_eq!(ended.session.state, SessionState::Closed(EndCause::NasRestarted));
            assert_eq!(ended.session.ended_at, Some(before.session.last_heard_at), "nobody knows of any later moment");
        }
        let free = asks(&world.isp, "house-1", OTHER_DEVICE).await;
        assert!(free.is_accept(), "the place of a dead session is free: {}", free.sentence());
    })
    .await;
}

#[tokio::test]
async fn a_late_word_of_the_run_before_ends_no_session_of_the_new_one() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 4).await;
        let old = comes_online(&world, &world.isp, 1, "81100001").await;
        comes_online(&world, &world.isp, 2, "81100002").await;
        world.clock.passes(Span::minutes(2));
        comes_online(&world, &world.isp, 3, "81200000").await;
        comes_online(&world, &world.isp, 4, "81200001").await;

        tells(&world.isp, INTERIM_UPDATE, 1, "81100001", &old, 60).await;
        for (house, number) in [(1, "81100001"), (2, "81100002")] {
            tells(&world.isp, START, house, number, &[], 0).await;
        }
        world.clock.passes(Span::seconds(20));
        tells(&world.isp, START, 1, "81100001", &old, 0).await;
        tells(&world.isp, STOP, 2, "81100002", &[], 60).await;

        let open = open(&world, &world.isp).await;
        assert!(open.contains(&"81200000".to_owned()) && open.contains(&"81200001".to_owned()), "{open:?}");
    })
    .await;
}

#[tokio::test]
async fn numbers_that_say_nothing_of_a_run_end_nothing() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 4).await;
        comes_online(&world, &world.isp, 1, "81100001").await;
        comes_online(&world, &world.isp, 2, "81100002").await;
        world.clock.passes(Span::minutes(2));

        for (house, number) in [(3, "5f3a-0001"), (4, "812000010")] {
            comes_online(&world, &world.isp, house, number).await;
        }

        assert_eq!(open(&world, &world.isp).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_hotspot_that_begins_to_count_anew_ends_no_pppoe_session() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 4).await;
        comes_online(&world, &world.isp, 1, "81100001").await;
        comes_online(&world, &world.isp, 2, "81100002").await;
        world.clock.passes(Span::minutes(2));

        comes_online(&world, &world.isp, 3, "80200000").await;
        comes_online(&world, &world.isp, 4, "80200001").await;

        assert_eq!(open(&world, &world.isp).await.len(), 4, "whether services count alike is not known");
    })
    .await;
}

#[tokio::test]
async fn accounting_on_and_off_end_the_sessions_of_that_router() {
    told_twice(async |world: World| {
        for isp in [&world.isp, &world.other] {
            connects(&world, isp, 2).await;
        }
        for (status, house) in [(ACCOUNTING_ON, 1), (ACCOUNTING_OFF, 2)] {
            for isp in [&world.isp, &world.other] {
                comes_online(&world, isp, house, &format!("8110000{house}")).await;
            }
            world.clock.passes(Span::seconds(30));

            reports(&world.isp, &Report { class: &[], ..report(status, &[], 0, 0) }).await;

            assert!(open(&world, &world.isp).await.is_empty());
            assert_eq!(open(&world, &world.other).await.len(), usize::from(house), "another ISP's router");
        }
    })
    .await;
}

#[tokio::test]
async fn an_interim_after_the_stop_opens_nothing_and_takes_no_place() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        for (status, octets, seconds) in [(START, 0, 0), (STOP, 900, 600), (INTERIM_UPDATE, 500, 300)] {
            reports(&world.isp, &report(status, &class, octets, seconds)).await;
            world.drained().await;
        }

        let ended = only_session(&world).await.session;
        assert!(ended.ended_at.is_some());
        assert_eq!(ended.counted.in_octets, 900);
        assert!(asks(&world.isp, "house-1", OTHER_DEVICE).await.is_accept(), "its place is free");
    })
    .await;
}

#[tokio::test]
async fn a_stop_without_a_start_is_counted_and_leaves_nobody_online() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;

        reports(&world.isp, &report(STOP, &[], 900, 400)).await;

        let kept = only_session(&world).await;
        assert!(kept.holder.is_some() && kept.session.ended_at.is_some());
        assert_eq!(kept.session.counted.in_octets, 900);
        assert!(asks(&world.isp, "house-1", OTHER_DEVICE).await.is_accept(), "nobody is online");
    })
    .await;
}

#[tokio::test]
async fn two_starts_are_one_session_and_one_place() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        for with in [&class[..], &[], &class] {
            reports(&world.isp, &report(START, with, 0, 0)).await;
        }

        assert_eq!(only_session(&world).await.session.state, SessionState::Open);
        reports(&world.isp, &report(STOP, &class, 10, 60)).await;
        world.drained().await;
        assert!(asks(&world.isp, "house-1", OTHER_DEVICE).await.is_accept(), "one Stop ends it");
    })
    .await;
}

#[tokio::test]
async fn counters_that_go_back_are_added_when_time_went_on_and_left_out_when_they_are_old() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        for (status, octets, seconds) in [
            (START, 0, 0),
            (INTERIM_UPDATE, 5_000, 300),
            (INTERIM_UPDATE, 1_000, 600),
            (INTERIM_UPDATE, 4_000, 200),
            (STOP, 1_500, 900),
        ] {
            reports(&world.isp, &report(status, &class, octets, seconds)).await;
        }

        assert_eq!(only_session(&world).await.session.counted.in_octets, 6_500, "5,000, then 1,500 from nothing");
    })
    .await;
}

#[tokio::test]
async fn gigawords_count_for_the_session_and_for_whose_it_is() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        let (first, last) = (5_u64 << 32, (5_u64 << 32) + 7);
        for (status, octets, seconds) in [(START, 0, 0), (INTERIM_UPDATE, first, 300), (STOP, last, 600)] {
            reports(&world.isp, &report(status, &class, octets, seconds)).await;
        }

        let session = only_session(&world).await;
        assert_eq!(session.session.counted.in_octets, last);
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("a transaction");
        let used = store::access::usage::all(&mut tx).await.expect("read");
        assert_eq!(used[&session.holder.expect("its own").uuid()], (last, 0), "what a data cap is held against");
    })
    .await;
}

#[tokio::test]
async fn a_router_whose_clock_is_wrong_by_decades_changes_no_times() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        let began = world.clock.now();
        for (status, seconds, its_clock) in [(START, 0, 0), (INTERIM_UPDATE, 300, u32::MAX), (STOP, 600, 86_400)] {
            let report = report(status, &class, 0, seconds);
            let answer = world.isp.router.reports_dated(&report, its_clock).await.expect("sent");
            assert!(answer.is_some());
            world.drained().await;
            world.clock.passes(Span::minutes(5));
        }

        let session = only_session(&world).await.session;
        assert_eq!(session.started_at, began);
        assert_eq!(session.ended_at, Some(began.plus(Span::minutes(10))));
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_stop_was_lost_ends_by_lease_where_it_was_last_heard_of() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        reports(&world.isp, &report(START, &class, 0, 0)).await;
        world.drained().await;
        let heard_last = world.clock.now();

        world.clock.passes(Span::minutes(10));
        let after_one_lost_interim = asks(&world.isp, "house-1", OTHER_DEVICE).await;
        world.clock.passes(Span::minutes(5));
        let after_three = asks(&world.isp, "house-1", OTHER_DEVICE).await;
        let mut session = only_of(&world, HOUSE).await;
        for _ in 0..400 {
            if session.session.ended_at.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
            session = only_of(&world, HOUSE).await;
        }

        assert!(!after_one_lost_interim.is_accept() && after_three.is_accept());
        assert_eq!(session.session.state, SessionState::Closed(EndCause::LeaseEnded));
        assert_eq!(session.session.ended_at, Some(heard_last));
    })
    .await;
}

/// The session of a device.
async fn only_of(world: &World, mac: &str) -> StoredSession {
    let all = sessions(world, &world.isp).await;
    all.into_iter().find(|session| session.device.key().eq_ignore_ascii_case(mac)).expect("one")
}

#[tokio::test]
async fn a_device_takes_its_own_place_over_at_once_whichever_session_had_it() {
    told_twice(async |world: World| {
        connects(&world, &world.isp, 1).await;
        let class = asks(&world.isp, "house-1", HOUSE).await.class();
        reports(&world.isp, &report(START, &class, 0, 0)).await;
        world.drained().await;

        let another = asks(&world.isp, "house-1", OTHER_DEVICE).await;
        let again = asks(&world.isp, "house-1", HOUSE).await;

        assert_eq!(another.sentence(), "already in use on another device");
        assert!(again.is_accept(), "its Stop was lost: {}", again.sentence());
    })
    .await;
}
