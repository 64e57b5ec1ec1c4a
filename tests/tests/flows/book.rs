//! What is decided from memory is as true as the database, and true soon after a change.

use std::time::Duration;

use actions::people::suspend;
use actions::sales::sell_voucher::sell_new;
use dictionaries::mikrotik;
use domain::people::subscriber::Username;
use domain::phone::Msisdn;
use domain::rate::RateLimit;
use domain::sales::plan::{PlanService, PlanTerms, ValidityAnchor};
use domain::time::Span;
use store::sales::{plans, vouchers};
use tests::client::Reply;
use tests::world::{World, hour, month};

const PHONE: &str = "02:00:00:00:00:0A";
const HOUSE: &str = "02:00:00:00:00:0B";

/// A World whose logins are decided from memory.
async fn remembers() -> World {
    World::open_with(|settings| settings.decides_from_memory = true).await.expect("a world")
}

async fn asks(world: &World, user: &str, password: &str, mac: &str) -> Reply {
    world.isp.router.asks(user, password, mac).await.expect("sent").expect("an answer")
}

fn rate(reply: &Reply) -> String {
    let text = reply.packet().get(mikrotik::RATE_LIMIT).and_then(|text| text.as_str().map(ToOwned::to_owned));
    text.unwrap_or_default()
}

#[tokio::test]
async fn a_new_speed_of_a_plan_is_given_to_the_next_login() {
    let world = remembers().await;
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    let other = world.sells(&world.other, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &plan, "house-12", "karibu").await.expect("connected");
    world.connects(&world.other, &other, "house-12", "karibu").await.expect("connected");
    let before = asks(&world, "house-12", "karibu", HOUSE).await;

    let faster = RateLimit::flat("30M".parse().expect("good"), "40M".parse().expect("good"));
    let terms = PlanTerms { rate: Some(faster), ..month() };
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    plans::revise(&mut tx, plan.id, &terms).await.expect("revised");
    tx.commit().await.expect("committed");
    world.knows_what_changed().await;
    let after = asks(&world, "house-12", "karibu", HOUSE).await;
    let theirs = world.other.router.asks("house-12", "karibu", HOUSE).await.expect("sent").expect("an answer");

    assert_eq!((rate(&before).as_str(), rate(&after).as_str()), ("10M/20M", "30M/40M"));
    assert_eq!(rate(&theirs), "10M/20M", "another ISP's plan of that name is another plan");
}

#[tokio::test]
async fn a_house_that_is_suspended_stays_offline_and_comes_back_when_it_is_resumed() {
    let world = remembers().await;
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &plan, "house-12", "karibu").await.expect("connected");
    let name = Username::parse(b"house-12").expect("good");
    assert!(asks(&world, "house-12", "karibu", HOUSE).await.is_accept());

    assert!(suspend::suspend(&world.store, &world.isp.scope, &name, world.context()).await.expect("suspended"));
    world.knows_what_changed().await;
    let suspended = asks(&world, "house-12", "karibu", HOUSE).await;
    assert!(suspend::resume(&world.store, &world.isp.scope, &name, world.context()).await.expect("resumed"));
    world.knows_what_changed().await;
    let resumed = asks(&world, "house-12", "karibu", HOUSE).await;

    assert!(suspended.sentence().contains("suspended"), "{}", suspended.sentence());
    assert!(resumed.is_accept());
}

#[tokio::test]
async fn a_phone_that_has_used_up_a_voucher_gets_online_with_the_one_it_buys_next() {
    let world = remembers().await;
    let isp = &world.isp;
    let terms = PlanTerms { anchor: ValidityAnchor::Purchase, ..hour() };
    let plan = world.sells(isp, terms, "hour", PlanService::Hotspot).await.expect("sold");
    let buyer = || Some(Msisdn::parse(b"0712345678", &isp.tenant.calling_code).expect("good"));
    sell_new(&world.store, &isp.scope, &isp.tenant.zone, &plan, buyer(), world.context()).await.expect("sold");
    assert!(asks(&world, "0712345678", "", PHONE).await.is_accept());
    world.clock.passes(Span::minutes(61));
    let over = asks(&world, "0712345678", "", PHONE).await;

    let next =
        sell_new(&world.store, &isp.scope, &isp.tenant.zone, &plan, buyer(), world.context()).await.expect("sold");
    let by_code = asks(&world, next.code.expose(), "", PHONE).await;
    world.knows_what_changed().await;
    let by_phone = asks(&world, "0712345678", "", PHONE).await;

    assert!(!over.is_accept());
    assert!(by_code.is_accept(), "a code that was sold a moment ago: {}", by_code.sentence());
    assert!(by_phone.is_accept(), "the number that bought it: {}", by_phone.sentence());
}

#[tokio::test]
async fn the_first_use_of_a_card_is_in_the_database_soon_and_never_begins_anew() {
    let world = remembers().await;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let code = "Sunrise77".parse().expect("good");

    let first = asks(&world, "Sunrise77", "", PHONE).await;
    world.clock.passes(Span::minutes(20));
    let second = asks(&world, "Sunrise77", "", PHONE).await;
    let mut waits = 0;
    let noted = loop {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
        let voucher = vouchers::find_by_code(&mut tx, &code).await.expect("looked up").expect("there");
        if voucher.state.name(world.context().now()) == "active" {
            break voucher;
        }
        waits += 1;
        assert!(waits < 250, "the first use is not noted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    world.knows_what_changed().await;
    let third = asks(&world, "Sunrise77", "", PHONE).await;

    assert_eq!(noted.code.expose(), "Sunrise77");
    let left: Vec<_> = [first, second, third].iter().map(Reply::session_timeout).collect();
    assert_eq!(left, [Some(3_600), Some(2_400), Some(2_400)]);
}

#[tokio::test]
async fn who_is_known_comes_online_while_the_database_is_away_and_who_is_not_hears_nothing() {
    let world = remembers().await;
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &plan, "house-12", "karibu").await.expect("connected");
    world.knows_what_changed().await;
    assert!(asks(&world, "house-12", "karibu", HOUSE).await.is_accept());

    world.database.goes_away().await;
    let known = world.isp.router.asks("house-12", "karibu", HOUSE).await.expect("sent");
    let wrong = world.isp.router.asks("house-12", "guess", HOUSE).await.expect("sent");
    let second_device = world.isp.router.asks("house-12", "karibu", PHONE).await.expect("sent");
    let unknown = world.isp.router.asks("house-99", "karibu", HOUSE).await.expect("sent");
    let theirs = world.other.router.asks("house-12", "karibu", HOUSE).await.expect("sent");
    world.database.comes_back().await;

    assert!(known.expect("an answer").is_accept());
    assert!(wrong.expect("an answer").sentence().contains("password"), "the same rules");
    assert!(second_device.expect("an answer").sentence().contains("already"), "the same device cap");
    assert!(unknown.is_none(), "never a reject because we cannot look");
    assert!(theirs.is_none(), "known to one ISP is unknown to another");
}
