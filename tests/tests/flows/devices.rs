//! Several devices want the same voucher.

use actions::access::close_overdue::close_overdue;
use dictionaries::rfc2866::acct_status_type;
use domain::sales::plan::PlanService;
use domain::time::Span;
use tests::client::Report;
use tests::world::{World, hour, hour_for};

fn mac(number: usize) -> String {
    format!("02:00:00:00:{:02X}:{:02X}", number / 256, number % 256)
}

#[tokio::test]
async fn a_second_device_is_told_that_the_code_is_in_use() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");

    let first = world.isp.router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer");
    let second = world.isp.router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");
    let again = world.isp.router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer");

    assert!(first.is_accept() && again.is_accept());
    assert_eq!(second.sentence(), "already in use on another device");
}

#[tokio::test]
async fn sixty_four_phones_race_for_three_places_and_three_get_them() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour_for(3), "family", PlanService::Hotspot).await.expect("sold");

    for round in 0..200 {
        let code = format!("Family{round:04}");
        world.prints(&world.isp, &plan, &[&code]).await.expect("printed");
        let phones: Vec<_> = (0..64)
            .map(|number| {
                let (router, code) = (world.isp.router.clone(), code.clone());
                tokio::spawn(async move { router.asks(&code, "", &mac(number)).await })
            })
            .collect();
        let mut accepted = 0;
        for phone in phones {
            let reply = phone.await.expect("no panic").expect("sent").expect("an answer");
            accepted += usize::from(reply.is_accept());
        }
        assert_eq!(accepted, 3, "round {round}");
    }
}

#[tokio::test]
async fn a_device_that_leaves_makes_room_for_the_next() {
    let world = World::open().await.expect("a world");
    let router = &world.isp.router;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let first = router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer");
    let class = first.class();
    let mac = mac(1);
    let report = Report {
        status: acct_status_type::START,
        session: "80100001",
        user: "Sunrise77",
        mac: &mac,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };

    router.reports(&report).await.expect("sent").expect("an answer");
    world.drained().await;
    let early = router.asks("Sunrise77", "", "02:00:00:00:00:99").await.expect("sent").expect("an answer");
    let stop = Report { status: acct_status_type::STOP, seconds: 60, ..report };
    router.reports(&stop).await.expect("sent").expect("an answer");
    world.drained().await;
    let late = router.asks("Sunrise77", "", "02:00:00:00:00:99").await.expect("sent").expect("an answer");

    assert!(!early.is_accept() && late.is_accept());
}

#[tokio::test]
async fn a_place_that_was_never_reported_is_free_after_a_minute() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    world.isp.router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer");

    world.clock.passes(Span::seconds(61));
    let next = world.isp.router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");

    assert!(next.is_accept());
}

#[tokio::test]
async fn a_session_whose_stop_was_lost_frees_its_place_in_minutes() {
    let world = World::open().await.expect("a world");
    let router = &world.isp.router;
    let terms = domain::sales::plan::PlanTerms { duration: "24h".parse().expect("good"), ..hour() };
    let plan = world.sells(&world.isp, terms, "day", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let class = router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer").class();
    let mac1 = mac(1);
    let start = Report {
        status: acct_status_type::START,
        session: "80100001",
        user: "Sunrise77",
        mac: &mac1,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    router.reports(&start).await.expect("sent").expect("an answer");
    world.drained().await;

    world.clock.passes(Span::minutes(10));
    let after_one_lost_interim = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");
    world.clock.passes(Span::minutes(5));
    let after_three = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");

    assert!(!after_one_lost_interim.is_accept() && after_three.is_accept());
}

#[tokio::test]
async fn a_login_that_is_never_reported_costs_the_live_session_of_that_device_nothing() {
    let world = World::open().await.expect("a world");
    let router = &world.isp.router;
    let terms = domain::sales::plan::PlanTerms { duration: "24h".parse().expect("good"), ..hour() };
    let plan = world.sells(&world.isp, terms, "day", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let class = router.asks("Sunrise77", "", &mac(1)).await.expect("sent").expect("an answer").class();
    let mac1 = mac(1);
    let start = Report {
        status: acct_status_type::START,
        session: "80100001",
        user: "Sunrise77",
        mac: &mac1,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    router.reports(&start).await.expect("sent").expect("an answer");
    world.drained().await;

    let again = router.asks("Sunrise77", "", &mac1).await.expect("sent").expect("an answer");
    world.clock.passes(Span::seconds(61));
    let at_once = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");
    close_overdue(&world.store, &world.isp.scope, world.context()).await.expect("closed");
    let later = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");
    let stop = Report { status: acct_status_type::STOP, seconds: 70, ..start };
    router.reports(&stop).await.expect("sent").expect("an answer");
    world.drained().await;
    let at_last = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");

    assert!(again.is_accept());
    assert!(!at_once.is_accept(), "the first device is online");
    assert!(!later.is_accept(), "the first device is online, whatever became of its second login");
    assert!(at_last.is_accept(), "nobody is online any more");
}

#[tokio::test]
async fn a_device_that_left_a_dead_session_behind_frees_its_place_when_it_leaves_the_next() {
    let world = World::open().await.expect("a world");
    let router = &world.isp.router;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let mac1 = mac(1);
    for (session, status) in [("80100001", acct_status_type::START), ("81100001", acct_status_type::STOP)] {
        let class = router.asks("Sunrise77", "", &mac1).await.expect("sent").expect("an answer").class();
        for status in [acct_status_type::START, status] {
            let (user, mac, class) = ("Sunrise77", mac1.as_str(), class.as_slice());
            let report = Report { status, session, user, mac, class, in_octets: 0, out_octets: 0, seconds: 0 };
            router.reports(&report).await.expect("sent").expect("an answer");
            world.drained().await;
        }
        world.clock.passes(Span::seconds(20));
    }

    let next = router.asks("Sunrise77", "", &mac(2)).await.expect("sent").expect("an answer");

    assert!(next.is_accept(), "the router lost power during the first session and never spoke of it again");
}
