//! A plan that changes with the time of the week and with what was used: at night, after so much data, on the next day.

use actions::access::replay::{FactsOf, replay};
use actions::sales::change_plan::change_plan;
use dictionaries::mikrotik;
use dictionaries::rfc2866::acct_status_type::INTERIM_UPDATE;
use domain::sales::plan::{Plan, PlanService, PlanTerms};
use domain::time::{Period, Span};
use ports::Clock as _;
use tests::client::{Reply, Report};
use tests::world::{Isp, World, month};

const HOUSE: &str = "02:00:00:00:00:0B";
const GIGABYTE: u64 = 1_000_000_000;

/// A World whose logins are decided from memory, and one whose logins are transactions.
async fn both() -> [World; 2] {
    let world = async |decides| {
        World::open_with(move |settings| settings.decides_from_memory = decides).await.expect("a world")
    };
    [world(true).await, world(false).await]
}

fn terms(windows: &[&str], steps: &[&str]) -> PlanTerms {
    PlanTerms {
        speed_windows: windows.iter().map(|text| text.parse().expect("good")).collect(),
        fair_use: steps.iter().map(|text| text.parse().expect("good")).collect(),
        ..month()
    }
}

/// A house of an ISP on a plan with these terms.
async fn house(world: &World, isp: &Isp, terms: PlanTerms) -> Plan {
    let plan = world.sells(isp, terms, "home", PlanService::Pppoe).await.expect("sold");
    world.connects(isp, &plan, "house-12", "karibu").await.expect("connected");
    plan
}

async fn asks(isp: &Isp) -> Reply {
    isp.router.asks("house-12", "karibu", HOUSE).await.expect("sent").expect("an answer")
}

fn rate(reply: &Reply) -> String {
    let text = reply.packet().get(mikrotik::RATE_LIMIT).and_then(|text| text.as_str().map(ToOwned::to_owned));
    text.unwrap_or_else(|| if reply.is_accept() { "unlimited".to_owned() } else { reply.sentence() })
}

/// What a router is told of data for each direction of a PPP line.
fn data_left(reply: &Reply) -> Option<u64> {
    let packet = reply.packet();
    let low = packet.get(mikrotik::RECV_LIMIT)?;
    let high = packet.get(mikrotik::RECV_LIMIT_GIGAWORDS).unwrap_or(0);
    Some(u64::from(high) << 32 | u64::from(low))
}

/// The house has used so much in the session that it was let into.
async fn uses(world: &World, isp: &Isp, session: &str, reply: &Reply, octets: u64, seconds: u32) {
    let class = reply.class();
    let interim = Report {
        status: INTERIM_UPDATE,
        session,
        user: "house-12",
        mac: HOUSE,
        class: &class,
        in_octets: octets / 4,
        out_octets: octets - octets / 4,
        seconds,
    };
    isp.router.reports(&interim).await.expect("sent").expect("an answer");
    world.drained().await;
}

/// Lets time pass until the clock on the wall in Nairobi shows a minute of tomorrow.
fn passes_to(world: &World, minute: u16) {
    let now = world.clock.now();
    let moments = world.isp.tenant.zone.moments(now, 1, minute);
    world.clock.passes(moments.first().expect("a moment").since(now));
}

#[tokio::test]
async fn at_night_a_house_is_let_in_at_the_speed_of_the_night() {
    for world in both().await {
        let isp = &world.isp;
        house(&world, isp, terms(&["daily 22:00-06:00 30M/40M", "daily 06:00-07:00 unlimited"], &[])).await;
        house(&world, &world.other, terms(&[], &[])).await;

        passes_to(&world, 21 * 60 + 59);
        let evening = asks(isp).await;
        world.clock.passes(Span::minutes(1));
        let night = asks(isp).await;
        let theirs = asks(&world.other).await;
        passes_to(&world, 5 * 60 + 59);
        let dawn = asks(isp).await;
        world.clock.passes(Span::minutes(1));
        let morning = asks(isp).await;
        world.clock.passes(Span::minutes(60));
        let day = asks(isp).await;

        let rates = [evening, night, dawn, morning, day].map(|reply| rate(&reply));
        assert_eq!(rates, ["10M/20M", "30M/40M", "30M/40M", "unlimited", "10M/20M"]);
        assert_eq!(rate(&theirs), "10M/20M");
    }
}

#[tokio::test]
async fn who_has_used_much_is_slower_until_midnight_and_another_isps_house_is_not() {
    for world in both().await {
        let isp = &world.isp;
        let steps = ["10GB/day 5M/10M", "20GB/day 1M/2M", "25GB/week 512k/512k"];
        house(&world, isp, terms(&["daily 22:00-23:00 unlimited"], &steps)).await;
        house(&world, &world.other, terms(&[], &steps)).await;
        // A Tuesday, so that the week goes on tomorrow.
        while Period::Week.start(world.clock.now(), &isp.tenant.zone)
            != Period::Day.start(world.clock.now().minus(Span::minutes(24 * 60)), &isp.tenant.zone)
        {
            world.clock.passes(Span::minutes(24 * 60));
        }
        world.clock.passes(Period::Day.start(world.clock.now(), &isp.tenant.zone).since(world.clock.now()));
        world.clock.passes(Span::minutes(9 * 60));

        let first = asks(isp).await;
        uses(&world, isp, "81000001", &first, 10 * GIGABYTE - 1, 60).await;
        let before = asks(isp).await;
        uses(&world, isp, "81000001", &first, 10 * GIGABYTE, 120).await;
        let slower = asks(isp).await;
        uses(&world, isp, "81000001", &first, 20 * GIGABYTE, 180).await;
        let slowest = asks(isp).await;
        let theirs = asks(&world.other).await;
        passes_to(&world, 0);
        let tomorrow = asks(isp).await;
        uses(&world, isp, "81000002", &tomorrow, 5 * GIGABYTE, 60).await;
        let week = asks(isp).await;

        let rates = [&first, &before, &slower, &slowest, &tomorrow, &week].map(rate);
        assert_eq!(rates, ["10M/20M", "10M/20M", "5M/10M", "1M/2M", "10M/20M", "512k/512k"]);
        assert_eq!(rate(&theirs), "10M/20M");
    }
}

#[tokio::test]
async fn data_that_counts_by_the_day_is_used_up_until_midnight() {
    for world in both().await {
        let isp = &world.isp;
        let capped = PlanTerms {
            data_cap: Some("5GB".parse().expect("good")),
            data_window: Some(Period::Day),
            ..terms(&[], &[])
        };
        house(&world, isp, capped).await;
        passes_to(&world, 9 * 60);

        let first = asks(isp).await;
        uses(&world, isp, "81000001", &first, 2 * GIGABYTE, 60).await;
        let less = asks(isp).await;
        uses(&world, isp, "81000001", &first, 5 * GIGABYTE, 120).await;
        let nothing = asks(isp).await;
        passes_to(&world, 0);
        let anew = asks(isp).await;

        assert_eq!((data_left(&first), data_left(&less)), (Some(5 * GIGABYTE), Some(3 * GIGABYTE)));
        assert!(nothing.sentence().starts_with("your data for today is used up"), "{}", nothing.sentence());
        assert_eq!(data_left(&anew), Some(5 * GIGABYTE));
    }
}

#[tokio::test]
async fn what_was_used_before_a_plan_began_to_count_it_counts_too() {
    for world in both().await {
        let isp = &world.isp;
        let plan = house(&world, isp, terms(&[], &[])).await;
        passes_to(&world, 9 * 60);
        let first = asks(isp).await;
        uses(&world, isp, "81000001", &first, 12 * GIGABYTE, 60).await;

        let fair = |terms: &mut PlanTerms| terms.fair_use = vec!["10GB/day 5M/10M".parse().expect("good")];
        change_plan(&world.store, &isp.scope, &plan.name, &fair, world.context()).await.expect("changed");
        world.knows_what_changed().await;
        let counted = asks(isp).await;
        uses(&world, isp, "81000001", &first, 13 * GIGABYTE, 120).await;
        let plain = |terms: &mut PlanTerms| terms.fair_use.clear();
        change_plan(&world.store, &isp.scope, &plan.name, &plain, world.context()).await.expect("changed");
        world.knows_what_changed().await;
        let full = asks(isp).await;

        assert_eq!([&first, &counted, &full].map(rate), ["10M/20M", "5M/10M", "10M/20M"]);
    }
}

#[tokio::test]
async fn an_answer_of_the_night_is_the_same_when_it_is_asked_again_by_day() {
    for world in both().await {
        let isp = &world.isp;
        let capped = PlanTerms {
            data_cap: Some("5GB".parse().expect("good")),
            data_window: Some(Period::Week),
            ..terms(&["daily 22:00-06:00 30M/40M"], &["1GB/day 5M/10M"])
        };
        house(&world, isp, capped).await;
        passes_to(&world, 23 * 60);
        let first = asks(isp).await;
        uses(&world, isp, "81000001", &first, 2 * GIGABYTE, 60).await;
        let second = asks(isp).await;
        uses(&world, isp, "81000001", &first, 9 * GIGABYTE, 120).await;
        let refused = asks(isp).await;
        world.recorded().await;
        passes_to(&world, 12 * 60);

        assert_eq!([&first, &second].map(rate), ["30M/40M", "5M/10M"]);
        assert!(refused.sentence().contains("this week"), "{}", refused.sentence());
        let tenants = [isp.tenant.clone(), world.other.tenant.clone()];
        let trace = refused.trace().parse().expect("a trace");
        let asked = replay(&world.store, &tenants, trace, None, FactsOf::Then).await.expect("asked");
        assert!(asked.is_same(), "{:?}", asked.lines(&|_| String::new()));
        for decision in actions_of(&world, isp).await.into_iter().filter(|decision| decision.granted.is_some()) {
            let asked = replay(&world.store, &tenants, decision.trace, None, FactsOf::Then).await;
            let asked = asked.expect("asked");
            assert!(asked.is_same(), "{:?}", asked.lines(&|_| String::new()));
        }
    }
}

async fn actions_of(world: &World, isp: &Isp) -> Vec<domain::access::decision::Decision> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let search = store::access::decisions::Search { user: Some("house-12".to_owned()), ..Default::default() };
    store::access::decisions::search(&mut tx, &search, tests::first_page()).await.expect("found").rows
}
