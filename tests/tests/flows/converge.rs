//! What changes reaches people who are online: from the act to what their router does.

use std::time::Duration;

use actions::access::block_device::{Blocked, block_device};
use actions::access::explain::explain;
use actions::messages::note_ending::note_ending;
use actions::people::suspend;
use actions::sales::revoke_voucher;
use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::people::subscriber::Username;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms};
use domain::time::Span;
use ports::Clock as _;
use simulators::nas::{Moved, Online, SimulatedRouter};
use store::Page;
use store::messages::notices;
use store::people::subscribers;
use store::sales::{plans, vouchers};
use store::support::exceptions;
use tests::simulated::phone;
use tests::world::{World, hour, hour_for, month};

/// What a change may take until it is in force.
const SOON: Duration = Duration::from_secs(5);

async fn world() -> World {
    let world = World::open().await.expect("a world");
    world.works();
    world
}

async fn revises(world: &World, plan: &Plan, change: impl FnOnce(&mut PlanTerms)) {
    let mut terms = plan.terms.clone();
    change(&mut terms);
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    plans::revise(&mut tx, plan.id, &terms).await.expect("revised");
    tx.commit().await.expect("committed");
}

fn speed(up: &str, down: &str) -> Option<RateLimit> {
    Some(RateLimit::flat(up.parse().expect("good"), down.parse().expect("good")))
}

/// Phones that come online, each with a code of its own.
async fn phones_online(world: &World, router: &SimulatedRouter, plan: &Plan, count: u16) {
    let codes: Vec<String> = (0..count).map(|number| format!("Code{number:04}")).collect();
    let words: Vec<&str> = codes.iter().map(String::as_str).collect();
    world.prints(&world.isp, plan, &words).await.expect("printed");
    for (number, code) in (0..).zip(&codes) {
        let login = router.hotspot_login(phone(number), code).await;
        assert!(login.is_online(), "{login:?}");
    }
    is_saved(world, router).await;
}

/// Waits until the server has all that the router has reported, and convergence has looked at it.
async fn is_saved(world: &World, router: &SimulatedRouter) {
    assert!(router.settled(SOON).await, "reports are not answered");
    world.drained().await;
}

async fn house_online(world: &World, router: &SimulatedRouter, plan: &Plan) {
    world.connects(&world.isp, plan, "house-12", "karibu").await.expect("connected");
    let login = router.pppoe("house-12", "karibu").await;
    assert!(login.is_online(), "{login:?}");
    is_saved(world, router).await;
}

/// Lets the router's time pass until the house has dialled again.
async fn comes_back(router: &SimulatedRouter) -> Online {
    for _ in 0..20 {
        router.passes(Duration::from_secs(30)).await;
        if router.until(Duration::from_millis(500), |router| router.session_of("house-12").is_some()).await {
            break;
        }
    }
    router.session_of("house-12").expect("the house comes back")
}

fn house() -> Username {
    Username::parse(b"house-12").expect("good")
}

#[tokio::test]
async fn a_new_speed_reaches_ten_phones_and_nobody_is_disconnected() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 10).await;
    let before: Vec<_> = router.online().iter().map(|one| one.session).collect();

    revises(&world, &plan, |terms| terms.rate = speed("3M", "8M")).await;

    let follows = |router: &SimulatedRouter| router.online().iter().filter(|one| one.rate() == "3M/8M").count() == 10;
    assert!(router.until(SOON, follows).await, "{:?}", router.online());
    let tally = router.tally();
    assert_eq!((tally.coa_acked, tally.disconnect_acked, tally.ended), (10, 0, 0));
    assert_eq!(router.online().iter().map(|one| one.session).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn nothing_is_asked_of_a_router_when_all_is_as_it_should_be() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 3).await;

    // The same terms again are a revision, and nothing that a router would have to be told.
    revises(&world, &plan, |_| {}).await;
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert_eq!(router.controls(), []);
}

#[tokio::test]
async fn a_code_that_is_taken_back_is_offline_at_once() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 2).await;

    let code = "Code0000".parse().expect("good");
    assert!(
        revoke_voucher::revoke_voucher(&world.store, &world.isp.scope, &code, world.context()).await.expect("revoked")
    );

    assert!(router.until(SOON, |router| router.session_of("Code0000").is_none()).await);
    assert!(router.session_of("Code0001").is_some());
    world.knows_what_changed().await;
    let again = router.hotspot_login(phone(0), "Code0000").await;
    assert_eq!(again.sentence(), "this code was cancelled: ask your provider");
}

#[tokio::test]
async fn time_that_is_over_ends_a_session_even_when_its_router_forgets() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 1).await;

    for _ in 0..59 {
        world.clock.passes(Span::minutes(1));
        router.passes(Duration::from_secs(60)).await;
    }
    is_saved(&world, &router).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(router.session_of("Code0000").is_some(), "a minute is left");
    // The router's own time stands still from here: it would never end the session.
    world.clock.passes(Span::minutes(1));

    assert!(router.until(SOON, |router| router.session_of("Code0000").is_none()).await, "{:?}", router.controls());
}

#[tokio::test]
async fn a_later_end_is_told_to_the_router_and_kept() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &plan, "house-12", "karibu").await.expect("connected");
    let until = |minutes| Some(world.clock.now().plus(Span::minutes(minutes)));
    let set = async |until| {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        let house = subscribers::find_by_username(&mut tx, &house()).await.expect("read").expect("there");
        subscribers::set_until(&mut tx, house.id, until).await.expect("set");
        tx.commit().await.expect("committed");
    };
    set(until(10)).await;
    world.knows_what_changed().await;
    assert!(router.pppoe("house-12", "karibu").await.is_online());
    is_saved(&world, &router).await;
    let left = |router: &SimulatedRouter| router.session_of("house-12").and_then(|one| one.seconds_left);
    assert!(left(&router).is_some_and(|left| left <= 600), "{:?}", left(&router));

    // Paid, a minute before the end.
    world.clock.passes(Span::minutes(9));
    set(until(60)).await;

    assert!(router.until(SOON, |router| left(router).is_some_and(|left| left > 3_000)).await, "{:?}", left(&router));
    world.clock.passes(Span::minutes(10));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(router.session_of("house-12").is_some());
    assert_eq!(router.tally().ended, 0);
}

#[tokio::test]
async fn a_suspended_house_is_offline_until_it_is_resumed() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    house_online(&world, &router, &plan).await;

    assert!(suspend::suspend(&world.store, &world.isp.scope, &house(), world.context()).await.expect("suspended"));

    assert!(router.until(SOON, |router| router.session_of("house-12").is_none()).await, "{:?}", router.controls());
    world.knows_what_changed().await;
    // It dials again by itself, and is told why not.
    router.passes(Duration::from_secs(5)).await;
    let is_told = |router: &SimulatedRouter| router.tally().sentences.keys().any(|why| why.contains("suspended"));
    assert!(router.until(SOON, is_told).await, "{:?}", router.tally());
    assert!(router.session_of("house-12").is_none());

    assert!(suspend::resume(&world.store, &world.isp.scope, &house(), world.context()).await.expect("resumed"));
    world.knows_what_changed().await;
    comes_back(&router).await;
}

#[tokio::test]
async fn a_lower_cap_ends_the_newest_and_keeps_who_came_first() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour_for(3), "family", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Family01"]).await.expect("printed");
    for number in 1..=3 {
        assert!(router.hotspot_login(phone(number), "Family01").await.is_online());
        world.clock.passes(Span::seconds(1));
    }
    is_saved(&world, &router).await;

    revises(&world, &plan, |terms| terms.device_cap = DeviceCap::ONE).await;

    assert!(router.until(SOON, |router| router.online().len() == 1).await, "{:?}", router.online());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(router.online().iter().map(|one| one.mac).collect::<Vec<_>>(), [phone(1)]);
}

#[tokio::test]
async fn data_that_is_used_up_ends_all_sessions_of_the_code() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let terms = PlanTerms { data_cap: Some(Bytes::new(1_000_000)), ..hour_for(2) };
    let plan = world.sells(&world.isp, terms, "megabyte", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Bytes001"]).await.expect("printed");
    let sessions: Vec<_> = {
        let mut sessions = Vec::new();
        for number in 1..=2 {
            let login = router.hotspot_login(phone(number), "Bytes001").await;
            sessions.push(login.session().expect("online"));
        }
        sessions
    };
    is_saved(&world, &router).await;

    // Neither alone is past what its router was told; both together are.
    for session in sessions {
        router.moves(session, Moved { up: 100_000, down: 500_000 });
    }
    router.passes(Duration::from_secs(400)).await;
    is_saved(&world, &router).await;

    assert!(router.until(SOON, |router| router.online().is_empty()).await, "{:?}", router.online());
    let again = router.hotspot_login(phone(1), "Bytes001").await;
    assert_eq!(again.sentence(), "your data is used up: buy more to go on");
}

#[tokio::test]
async fn a_night_tariff_begins_and_ends_for_who_is_online() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let terms = PlanTerms { speed_windows: vec!["daily 22:00-06:00 30M/40M".parse().expect("good")], ..month() };
    let plan = world.sells(&world.isp, terms, "home", PlanService::Pppoe).await.expect("sold");
    let passes_to = |minute| {
        let now = world.clock.now();
        let moments = world.isp.tenant.zone.moments(now, 1, minute);
        moments.first().expect("a moment").since(now)
    };
    world.clock.passes(passes_to(21 * 60 + 59));
    house_online(&world, &router, &plan).await;
    let rate = |router: &SimulatedRouter| router.session_of("house-12").map(|one| one.rate().to_owned());
    assert_eq!(rate(&router).as_deref(), Some("10M/20M"));
    // Its first look knows when to look next.
    tokio::time::sleep(Duration::from_secs(1)).await;

    world.clock.passes(Span::minutes(1));
    assert!(router.until(SOON, |router| rate(router).as_deref() == Some("30M/40M")).await, "{:?}", rate(&router));
    for _ in 0..120 {
        world.clock.passes(Span::minutes(4));
        router.passes(Duration::from_secs(240)).await;
    }
    assert!(router.until(SOON, |router| rate(router).as_deref() == Some("10M/20M")).await, "{:?}", rate(&router));
    assert_eq!(router.tally().ended, 0);
}

#[tokio::test]
async fn much_use_makes_who_is_online_slower() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let terms = PlanTerms { fair_use: vec!["1GB/month 1M/2M".parse().expect("good")], ..month() };
    let plan = world.sells(&world.isp, terms, "home", PlanService::Pppoe).await.expect("sold");
    house_online(&world, &router, &plan).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let session = router.session_of("house-12").expect("online").session;
    router.moves(session, Moved { up: 100_000_000, down: 800_000_000 });
    router.passes(Duration::from_secs(400)).await;
    is_saved(&world, &router).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(router.session_of("house-12").expect("online").rate(), "10M/20M", "a tenth is left");
    router.moves(session, Moved { up: 0, down: 100_000_000 });
    router.passes(Duration::from_secs(400)).await;
    is_saved(&world, &router).await;

    let slow = |router: &SimulatedRouter| router.session_of("house-12").is_some_and(|one| one.rate() == "1M/2M");
    assert!(router.until(SOON, slow).await, "{:?}", router.online());
    assert_eq!(router.tally().ended, 0);
}

#[tokio::test]
async fn a_blocked_phone_is_offline_and_the_others_of_the_code_stay() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour_for(2), "family", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Family01"]).await.expect("printed");
    for number in 1..=2 {
        assert!(router.hotspot_login(phone(number), "Family01").await.is_online());
    }
    is_saved(&world, &router).await;
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    let code = "Family01".parse().expect("good");
    let voucher = vouchers::find_by_code(&mut tx, &code).await.expect("read").expect("there");
    drop(tx);

    let (holder, device) = (Holder::Voucher(voucher.id), Device::Mac(phone(1)));
    let blocked = block_device(&world.store, &world.isp.scope, holder, &device, world.context()).await;
    assert!(matches!(blocked, Ok(Blocked::Done { live: 1 })), "{blocked:?}");

    assert!(router.until(SOON, |router| router.online().len() == 1).await, "{:?}", router.online());
    assert_eq!(router.online()[0].mac, phone(2));
    world.knows_what_changed().await;
    assert!(!router.hotspot_login(phone(1), "Family01").await.is_online());
}

#[tokio::test]
async fn what_a_live_session_cannot_be_told_lets_it_dial_again() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    house_online(&world, &router, &plan).await;

    revises(&world, &plan, |terms| terms.pool = Some("fibre".parse().expect("good"))).await;

    assert!(router.until(SOON, |router| router.session_of("house-12").is_none()).await);
    world.knows_what_changed().await;
    let house = comes_back(&router).await;
    assert_eq!(house.told.pool.as_deref(), Some("fibre"));
    // And is left in peace from then on.
    is_saved(&world, &router).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(router.tally().disconnect_acked, 1, "{:?}", router.controls());
}

#[tokio::test]
async fn a_router_that_will_not_change_a_session_is_asked_to_end_it() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    router.quirks(|quirks| quirks.naks_coa = Some(401));
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    house_online(&world, &router, &plan).await;

    revises(&world, &plan, |terms| terms.rate = speed("15M", "30M")).await;

    assert!(router.until(SOON, |router| router.tally().disconnect_acked == 1).await, "{:?}", router.controls());
    world.knows_what_changed().await;
    assert_eq!(comes_back(&router).await.rate(), "15M/30M");
}

#[tokio::test]
async fn a_dead_router_is_told_of_and_follows_when_it_is_back() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 1).await;
    router.die();

    revises(&world, &plan, |terms| terms.rate = speed("3M", "8M")).await;

    let open = async || {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        exceptions::list(&mut tx, false, Page::first(10)).await.expect("read").rows
    };
    let mut told = Vec::new();
    for _ in 0..240 {
        // Waits between tries are by the story's clock.
        world.clock.passes(Span::seconds(2));
        tokio::time::sleep(Duration::from_millis(250)).await;
        told = open().await;
        if !told.is_empty() {
            break;
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].what.contains("Code0000") && told[0].what.contains("did not answer"), "{}", told[0].what);

    router.revive();
    for _ in 0..60 {
        world.clock.passes(Span::seconds(10));
        if router
            .until(Duration::from_millis(500), |router| router.online().iter().all(|one| one.rate() == "3M/8M"))
            .await
        {
            break;
        }
    }
    assert_eq!(router.online().iter().map(|one| one.rate().to_owned()).collect::<Vec<_>>(), ["3M/8M"]);
    for _ in 0..20 {
        if open().await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the exception stays: {:?}", open().await);
}

#[tokio::test]
async fn the_story_of_a_session_that_was_cut_is_told_in_one_go() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 1).await;
    revises(&world, &plan, |terms| terms.rate = speed("3M", "8M")).await;
    assert!(router.until(SOON, |router| router.tally().coa_acked == 1).await);
    let code = "Code0000".parse().expect("good");
    revoke_voucher::revoke_voucher(&world.store, &world.isp.scope, &code, world.context()).await.expect("revoked");
    assert!(router.until(SOON, |router| router.online().is_empty()).await);
    is_saved(&world, &router).await;
    world.recorded().await;

    let tenants = [world.isp.tenant.clone(), world.other.tenant.clone()];
    let mut told = String::new();
    for _ in 0..40 {
        let story = explain(&world.store, &tenants, "Code0000").await.expect("read").expect("a story");
        told = story.lines(&|_| String::new()).join("\n");
        if told.contains("to end it") && told.contains("ended at") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    assert!(told.contains("its router was asked new terms: speed 3M/8M: done"), "{told}");
    assert!(
        told.contains("its router was asked to end it: this code was cancelled: ask your provider: done"),
        "{told}"
    );
    assert!(told.contains("it was disconnected by staff or by us") || told.contains("we asked its router"), "{told}");
}

#[tokio::test]
async fn whoever_has_a_tenth_of_the_time_left_is_noted_once() {
    let world = world().await;
    let router = world.simulates(&world.isp).await.expect("a router");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    phones_online(&world, &router, &plan, 2).await;
    let noted = async || {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        notices::list(&mut tx, Page::first(10)).await.expect("read").rows.len()
    };
    let looks = async || {
        note_ending(&world.store, &world.isp.scope, world.context()).await.expect("noted");
        noted().await
    };

    world.clock.passes(Span::minutes(53));
    assert_eq!(looks().await, 0, "seven minutes of sixty are left");
    world.clock.passes(Span::minutes(2));
    assert_eq!(looks().await, 2);
    world.clock.passes(Span::minutes(1));
    assert_eq!(looks().await, 2, "each end once");
}

#[tokio::test]
async fn another_isps_plan_of_the_same_name_stays_as_it_is() {
    let world = world().await;
    let router = world.simulates(&world.other).await.expect("a router");
    let ours = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let theirs = world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.other, &theirs, &["Theirs01"]).await.expect("printed");
    assert!(router.hotspot_login(phone(1), "Theirs01").await.is_online());
    is_saved(&world, &router).await;

    revises(&world, &ours, |terms| terms.rate = speed("3M", "8M")).await;
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert_eq!(router.controls(), []);
    let mut tx = world.store.tenant(&world.other.scope).await.expect("begins");
    let code = "Theirs01".parse().expect("good");
    assert!(vouchers::find_by_code(&mut tx, &code).await.expect("read").is_some());
}
