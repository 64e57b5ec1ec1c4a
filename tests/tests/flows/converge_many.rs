//! Many live sessions at once, bad lines, dead routers, and workers that are killed between any two steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actions::people::suspend;
use actions::sales::{change_plan, revoke_voucher};
use domain::people::subscriber::Username;
use domain::rate::RateLimit;
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms};
use domain::time::Span;
use simulators::nas::{SessionKey, SimulatedRouter};
use store::Page;
use store::support::exceptions;
use tests::dice::{Dice, asked};
use tests::simulated::phone;
use tests::world::{StoryClock, World, hour, hour_for, month};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What convergence may ask of one router in a second: its pace, and what its window lets go at once.
const PACE: usize = 50 + 8;

/// Time runs for the role and its worker as it does for us.
fn time_runs(clock: &Arc<StoryClock>) -> JoinHandle<()> {
    let clock = Arc::clone(clock);
    tokio::spawn(async move {
        let mut before = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let passed = i64::try_from(before.elapsed().as_micros()).unwrap_or(0);
            before = Instant::now();
            clock.passes(Span::micros(passed));
        }
    })
}

/// A speed that the plan has already is no error.
async fn sets_speed(world: &World, name: &str, (up, down): (u64, u64)) {
    let rate = RateLimit::flat(format!("{up}M").parse().expect("good"), format!("{down}M").parse().expect("good"));
    let name = name.parse().expect("good");
    let change = move |terms: &mut PlanTerms| terms.rate = Some(rate);
    let done = change_plan::change_plan(&world.store, &world.isp.scope, &name, &change, world.context()).await;
    assert!(matches!(done, Ok(_) | Err(change_plan::ChangeError::Same(_))), "{done:?}");
}

/// Phones with a code each, evenly over the routers.
async fn come_online(world: &World, routers: &[SimulatedRouter], plan: &Plan, count: usize) {
    let codes: Vec<String> = (0..count).map(|number| format!("Many{number:05}")).collect();
    for some in codes.chunks(1_000) {
        let words: Vec<&str> = some.iter().map(String::as_str).collect();
        world.prints(&world.isp, plan, &words).await.expect("printed");
    }
    let mut logins = JoinSet::new();
    for (number, router) in routers.iter().enumerate() {
        let router = router.clone();
        let own: Vec<(u16, String)> = (0..)
            .zip(&codes)
            .filter(|(index, _)| usize::from(*index) % routers.len() == number)
            .map(|(index, code)| (index, code.clone()))
            .collect();
        logins.spawn(async move {
            for (index, code) in own {
                let login = router.hotspot_login(phone(index), &code).await;
                assert!(login.is_online(), "{login:?}");
            }
        });
    }
    logins.join_all().await;
    for router in routers {
        assert!(router.settled(PATIENCE).await);
    }
    world.drained().await;
}

fn with_rate(routers: &[SimulatedRouter], rate: &str) -> usize {
    routers.iter().map(|router| router.online().iter().filter(|one| one.rate() == rate).count()).sum()
}

async fn until(patience: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !is_true() {
        if began.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    true
}

/// Waits until so many things need a person.
async fn exceptions_become(world: &World, count: usize) {
    let began = Instant::now();
    loop {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        let open = exceptions::list(&mut tx, false, Page::first(1_000)).await.expect("read").rows;
        drop(tx);
        if open.len() == count {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "not {count}: {open:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// `SESSIONS=5000 ROUTERS=50` is what we promise; by default it is a tenth of that.
#[tokio::test(flavor = "multi_thread")]
async fn one_edit_reaches_every_live_session_over_bad_lines_and_dead_routers_follow_when_they_return() {
    let routers = u16::try_from(asked("ROUTERS", 10)).expect("some");
    let sessions = usize::try_from(asked("SESSIONS", 500)).expect("many");
    let world = World::open().await.expect("a world");
    let _time = time_runs(&world.clock);
    world.works();
    let routers = world.simulates_many(&world.isp, routers, |_| {}).await.expect("routers");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    come_online(&world, &routers, &plan, sessions).await;
    let (dead, alive) = routers.split_at(3);
    for router in dead {
        router.die();
    }
    for router in alive {
        router.loss(0.2);
    }
    let living: usize = alive.iter().map(|router| router.online().len()).sum();

    let began = Instant::now();
    sets_speed(&world, "hour", (3, 8)).await;

    assert!(until(PATIENCE, || with_rate(alive, "3M/8M") == living).await, "{} of {living}", with_rate(alive, "3M/8M"));
    let took = began.elapsed();
    for router in alive {
        assert!(router.most_controls_in_any_second() <= PACE, "{}", router.most_controls_in_any_second());
        assert_eq!((router.tally().ended, router.tally().disconnect_acked), (0, 0));
    }
    exceptions_become(&world, dead.len()).await;

    for router in dead {
        router.revive();
    }
    // The longest wait between two tries is a minute.
    assert!(until(2 * PATIENCE, || with_rate(&routers, "3M/8M") == sessions).await, "{}", with_rate(&routers, "3M/8M"));
    exceptions_become(&world, 0).await;
    assert!(took < PATIENCE, "{took:?}");
}

/// What a story of faults has done so far.
#[derive(Default)]
struct Wanted {
    revoked: BTreeSet<String>,
    /// Who was never to be touched, with the session that each has had from the beginning.
    untouched: BTreeMap<String, (usize, SessionKey)>,
}

/// `MNETIFI_TEST_SEED` tells another story, `ROUNDS` a longer one.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_repeated_or_killed_every_session_ends_as_it_should_and_no_other_is_cut() {
    let mut dice = Dice::seeded(asked(tests::dice::SEED, 20_261_121));
    let world = World::open().await.expect("a world");
    let _time = time_runs(&world.clock);
    let mut workers = vec![world.works_apart().expect("works"), world.works_apart().expect("works")];
    let routers = world.simulates_many(&world.isp, 4, |_| {}).await.expect("routers");
    let hour = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    let family = world.sells(&world.isp, hour_for(3), "family", PlanService::Hotspot).await.expect("sold");
    come_online(&world, &routers, &hour, 40).await;
    world.connects(&world.isp, &home, "house-12", "karibu").await.expect("connected");
    assert!(routers[0].pppoe("house-12", "karibu").await.is_online());
    world.prints(&world.isp, &family, &["Family01"]).await.expect("printed");
    for number in 0..3 {
        assert!(routers[1].hotspot_login(phone(900 + number), "Family01").await.is_online());
    }
    let mut wanted = Wanted::default();
    for (number, router) in routers.iter().enumerate() {
        for one in router.online().iter().filter(|one| one.user.starts_with("Many")) {
            wanted.untouched.insert(one.user.clone(), (number, one.session));
        }
        router.loss(0.2);
        router.repeats(0.1);
        router.delays(Duration::from_millis(30));
    }

    let mut speed = (2, 5);
    for _ in 0..asked("ROUNDS", 12) {
        match dice.below(5) {
            0 | 1 => {
                speed = (dice.between(1, 9), dice.between(10, 90));
                sets_speed(&world, "hour", speed).await;
            }
            2 => {
                let codes: Vec<String> = wanted.untouched.keys().cloned().collect();
                let code = dice.one_of(&codes).clone();
                wanted.untouched.remove(&code);
                let parsed = code.parse().expect("good");
                let done = revoke_voucher::revoke_voucher(&world.store, &world.isp.scope, &parsed, world.context());
                assert!(done.await.expect("revoked"));
                wanted.revoked.insert(code);
            }
            3 => {
                let router = dice.one_of(&routers).clone();
                router.die();
                tokio::time::sleep(Duration::from_millis(dice.between(100, 1_500))).await;
                router.revive();
            }
            _ => {
                // Killed between any two steps, and another comes.
                let killed = dice.below(workers.len());
                workers.swap_remove(killed).shutdown_background();
                workers.push(world.works_apart().expect("works"));
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.between(0, 600))).await;
    }
    let house = Username::parse(b"house-12").expect("good");
    assert!(suspend::suspend(&world.store, &world.isp.scope, &house, world.context()).await.expect("suspended"));
    let one = |terms: &mut PlanTerms| terms.device_cap = DeviceCap::ONE;
    let name = "family".parse().expect("good");
    change_plan::change_plan(&world.store, &world.isp.scope, &name, &one, world.context()).await.expect("changed");
    for router in &routers {
        router.loss(0.0);
    }

    let rate = format!("{}M/{}M", speed.0, speed.1);
    let is_as_wanted = || {
        let online: Vec<_> = routers.iter().flat_map(SimulatedRouter::online).collect();
        let of = |user: &str| online.iter().filter(|one| one.user == user).count();
        online.iter().filter(|one| one.user.starts_with("Many")).all(|one| one.rate() == rate)
            && wanted.revoked.iter().all(|code| of(code) == 0)
            && of("house-12") == 0
            && of("Family01") == 1
    };
    let settled = until(2 * PATIENCE, is_as_wanted).await;
    let online: Vec<_> =
        routers.iter().flat_map(SimulatedRouter::online).map(|one| (one.user.clone(), one.rate().to_owned())).collect();
    assert!(settled, "wanted {rate}, not {:?}: {online:?}", wanted.revoked);
    for (code, (router, session)) in &wanted.untouched {
        assert!(routers[*router].session(*session).is_some(), "{code} was cut, and nobody wanted that");
    }
    for worker in workers {
        worker.shutdown_background();
    }
}
