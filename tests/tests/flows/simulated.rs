//! A simulated RouterOS router against the role: people come online, live and go, and every octet is counted.

use std::time::Duration;

use domain::access::session::{EndCause, SessionState};
use domain::sales::plan::PlanService;
use domain::time::Span;
use simulators::nas::{By, LoginResult, Moved, SimulatedRouter};
use store::access::sessions::{Filter, StoredSession};
use tests::dice::{Dice, SEED, asked};
use tests::simulated::phone;
use tests::world::{World, hour, hour_for, month};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(86_400);

async fn world() -> World {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let plan = world.sells(&world.isp, hour_for(3), "family", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Family333"]).await.expect("printed");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu-nyumbani").await.expect("connected");
    world
}

async fn sessions(world: &World) -> Vec<StoredSession> {
    world.drained().await;
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("a transaction");
    let filter = Filter { online_only: false, user_name: None };
    store::access::sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows
}

/// Octets of all stored sessions of a name.
async fn counted(world: &World, user: &str) -> Moved {
    let all = sessions(world).await;
    let of_user = all.iter().filter(|one| one.user_name == user);
    of_user.fold(Moved::default(), |sum, one| {
        sum.plus(Moved::new(one.session.counted.in_octets, one.session.counted.out_octets))
    })
}

#[tokio::test]
async fn a_phone_types_a_code_lives_its_hour_and_is_told_why_it_is_over() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");

    let login = router.hotspot_login(phone(1), "Sunrise77").await;
    let session = login.session().expect("online");
    let online = router.session(session).expect("online");
    let other = router.hotspot_login(phone(2), "Sunrise77").await;
    router.traffic(session, Moved::new(100_000, 10_000_000));
    router.passes(Duration::from_secs(3_700)).await;
    assert!(router.settled(PATIENCE).await);

    assert_eq!((online.rate(), online.seconds_left, online.told.port_limit), ("2M/5M", Some(3_600), Some(1)));
    assert_eq!(other.sentence(), "already in use on another device");
    let past = router.past(session).expect("it is over");
    assert_eq!((past.cause, past.moved), (Some(5), Moved::new(360_000_000, 3_600 * 625_000)));
    assert_eq!(counted(&world, "Sunrise77").await, past.moved);
    let stored = sessions(&world).await.remove(0);
    assert_eq!(stored.session.state, SessionState::Closed(EndCause::Reported(5)));
    assert_eq!(stored.acct_session_id.as_deref(), Some("80000001"));
}

#[tokio::test]
async fn every_way_to_log_in_is_believed_and_a_wrong_password_is_not() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");

    for (number, by, password) in [(1, By::Chap, ""), (2, By::Pap, ""), (3, By::Pap, "Family333")] {
        let login = router.hotspot_login_by(phone(number), "Family333", password, by).await;
        assert!(login.is_online(), "{by:?} {password}: {login:?}");
    }
    for by in [By::MsChapV2, By::Chap, By::Pap] {
        let wrong = router.pppoe_by(phone(9), "house-12", "guess", by).await;
        router.everybody_leaves();
        let right = router.pppoe_by(phone(9), "house-12", "karibu-nyumbani", by).await;
        assert!(
            matches!(&wrong, LoginResult::Refused { sentence, .. } if sentence.contains("wrong password")),
            "{wrong:?}"
        );
        assert!(right.is_online(), "{by:?}: {right:?}");
        router.everybody_leaves();
        assert!(router.settled(PATIENCE).await);
        world.drained().await;
    }
}

#[tokio::test]
async fn a_phone_that_walks_away_comes_back_by_its_cookie_and_after_a_reboot_by_its_address() {
    let world = world().await;
    let by_address = |settings: &mut simulators::nas::Settings| settings.mac_login = true;
    let router = world.simulates_with(&world.isp, by_address).await.expect("a router");
    let first = router.hotspot_login(phone(1), "Sunrise77").await.session().expect("online");
    router.moves(first, Moved::new(5, 6));
    router.loses_sight_of(first);
    assert!(router.settled(PATIENCE).await);

    let second = router.appears(phone(1)).await.session().expect("the router repeats the code");
    let by_cookie = router.session(second).expect("online").user;
    assert!(router.settled(PATIENCE).await);
    world.drained().await;
    world.knows_what_changed().await;
    router.reboot();
    router.passes(Duration::from_secs(10)).await;
    assert!(router.until(PATIENCE, |router| router.online().len() == 1).await, "it comes back by itself");
    let third = router.online().remove(0);
    let stranger = router.appears(phone(2)).await;
    assert!(router.settled(PATIENCE).await);

    assert_eq!((by_cookie.as_str(), third.user.as_str()), ("Sunrise77", "02:00:00:00:00:01"));
    assert_eq!((third.rate(), third.told.port_limit), ("2M/5M", Some(1)));
    assert!(stranger.sentence().contains("not found"), "{stranger:?}");
    let holders: Vec<_> = sessions(&world).await.into_iter().map(|one| one.holder).collect();
    assert_eq!(holders.len(), 3);
    assert!(holders[0].is_some() && holders.iter().all(|holder| *holder == holders[0]), "one voucher: {holders:?}");
}

#[tokio::test]
async fn a_month_of_reports_over_a_bad_line_gives_the_exact_octets_that_moved() {
    let world = world().await;
    let hasty = |settings: &mut simulators::nas::Settings| settings.timeout = Duration::from_millis(150);
    let router = world.simulates_with(&world.isp, hasty).await.expect("a router");
    router.repeats(0.1);
    router.delays(Duration::from_millis(2));

    let house = router.pppoe("house-12", "karibu-nyumbani").await.session().expect("online");
    for day in 0..28 {
        // Some days are quiet, on others more than 4 GB move within an hour.
        router.traffic(house, Moved::new(day * 40_001, day * 90_007));
        router.loss(if day % 7 == 3 { 0.02 } else { 0.0 });
        router.passes(DAY).await;
    }
    router.loss(0.0);
    router.leaves(house);
    assert!(router.settled(PATIENCE).await);

    let moved = router.moved(house);
    assert!(moved.down > 20 * (1 << 32) && moved.up > 5 * (1 << 32), "{moved:?}");
    assert_eq!(router.answered(house), moved, "the last report was answered");
    assert_eq!(counted(&world, "house-12").await, moved);
}

#[tokio::test]
async fn a_router_that_reboots_without_a_word_is_found_out_by_the_numbers_of_its_next_sessions() {
    let world = world().await;
    let home = world.sells(&world.isp, month(), "home-20", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-13", "karibu-nyumbani").await.expect("connected");
    world.knows_what_changed().await;
    let mut routers = world.simulates_many(&world.isp, 2, |_| {}).await.expect("routers");
    let (other, router) = (routers.remove(0), routers.remove(0));
    let stays = other.hotspot_login(phone(1), "Family333").await.session().expect("online");
    let dies = router.pppoe("house-12", "karibu-nyumbani").await.session().expect("online");
    assert!(router.pppoe("house-13", "karibu-nyumbani").await.is_online());
    router.moves(dies, Moved::new(7, 8));
    router.passes(Duration::from_secs(400)).await;
    assert!(router.settled(PATIENCE).await && other.settled(PATIENCE).await);
    router.moves(dies, Moved::new(1_000, 1_000));
    world.drained().await;

    world.clock.passes(Span::seconds(60));
    router.reboot();
    router.passes(Duration::from_secs(10)).await;
    assert!(router.until(PATIENCE, |router| router.online().len() == 2).await, "both dial again");
    assert!(router.settled(PATIENCE).await);

    assert_eq!(router.answered(dies), Moved::new(7, 8), "what it moved after its last report is lost");
    assert_eq!(counted(&world, "house-12").await, Moved::new(7, 8));
    let mut all: Vec<_> =
        sessions(&world).await.into_iter().map(|one| (one.acct_session_id, one.session.state)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    let closed = SessionState::Closed(EndCause::NasRestarted);
    let wanted = [
        ("80000001", SessionState::Open),
        ("81000001", closed),
        ("81000002", closed),
        ("81100001", SessionState::Open),
        ("81100002", SessionState::Open),
    ];
    assert_eq!(all, wanted.map(|(number, state)| (Some(number.to_owned()), state)));
    assert!(other.session(stays).is_some(), "the other router lives on");
}

#[tokio::test]
async fn a_house_whose_line_fails_dials_again_and_nothing_is_counted_twice() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");

    let first = router.pppoe("house-12", "karibu-nyumbani").await.session().expect("online");
    router.moves(first, Moved::new(1_000, 5_000_000_000));
    router.loses_sight_of(first);
    router.passes(Duration::from_secs(5)).await;
    let is_back = |router: &SimulatedRouter| router.session_of("house-12").is_some_and(|one| one.session != first);
    assert!(router.until(PATIENCE, is_back).await, "it dials by itself");
    let second = router.session_of("house-12").expect("online").session;
    router.moves(second, Moved::new(1, 2));
    router.leaves(second);
    assert!(router.settled(PATIENCE).await);

    assert_eq!(router.moved_by("house-12"), Moved::new(1_001, 5_000_000_002));
    assert_eq!(counted(&world, "house-12").await, Moved::new(1_001, 5_000_000_002));
}

/// What happens to a router and its houses, by chance, for some days.
async fn lives(world: &World, router: &SimulatedRouter, houses: &[String], dice: &mut Dice) {
    for house in houses {
        assert!(router.pppoe(house, "karibu-nyumbani").await.is_online(), "{house}");
    }
    // Each is about fifteen hours.
    for _ in 0..asked("MNETIFI_TEST_ROUNDS", 12) {
        for online in router.online() {
            router.traffic(online.session, Moved::new(dice.between(0, 400_000), dice.between(0, 2_500_000)));
        }
        let hours = dice.between(1, 30);
        router.passes(Duration::from_secs(hours * 3_600)).await;
        // The other router lets the other half pass.
        world.clock.passes(Span::minutes(i64::try_from(hours * 30).expect("few")));
        assert!(router.settled(PATIENCE).await, "all is answered");
        let everybody = router.online();
        match (dice.below(4), everybody.is_empty()) {
            (0, _) => router.reboot(),
            (1, false) => router.loses_sight_of(dice.one_of(&everybody).session),
            (_, _) => router.repeats(if dice.once_in(2) { 0.3 } else { 0.0 }),
        }
        router.passes(Duration::from_secs(dice.between(0, 200))).await;
    }
}

#[tokio::test]
async fn whatever_happens_to_routers_the_octets_that_were_answered_are_counted_exactly_once() {
    let world = world().await;
    let home = world.sells(&world.isp, month(), "home-20", PlanService::Pppoe).await.expect("sold");
    let houses: Vec<_> = (1..=4).map(|number| format!("villa-{number}")).collect();
    for house in &houses {
        world.connects(&world.isp, &home, house, "karibu-nyumbani").await.expect("connected");
    }
    world.knows_what_changed().await;
    let seed = asked(SEED, 4);
    let routers = world.simulates_many(&world.isp, 2, |_| {}).await.expect("routers");
    routers.iter().for_each(|router| router.delays(Duration::from_millis(2)));

    let (mut one, mut other) = (Dice::seeded(seed), Dice::seeded(seed + 1));
    tokio::join!(
        lives(&world, &routers[0], &houses[..2], &mut one),
        lives(&world, &routers[1], &houses[2..], &mut other)
    );
    for router in &routers {
        router.repeats(0.0);
        router.everybody_leaves();
        assert!(router.settled(PATIENCE).await, "seed {seed}");
        assert_eq!(router.tally().lost, 0, "seed {seed}");
    }

    for (house, router) in houses.iter().zip([&routers[0], &routers[0], &routers[1], &routers[1]]) {
        let (answered, moved) = (router.answered_by(house), router.moved_by(house));
        assert!(answered.down > 5 << 32 && moved.down >= answered.down, "{house} {answered:?} seed {seed}");
        assert_eq!(counted(&world, house).await, answered, "{house} seed {seed}");
    }
}
