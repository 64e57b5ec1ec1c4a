//! Somebody has a code.

use actions::sales::revoke_voucher::revoke_voucher;
use actions::sales::sell_voucher::{sell_new, sell_printed};
use dictionaries::{mikrotik, rfc2865, rfc2869};
use domain::phone::Msisdn;
use domain::sales::plan::{PlanService, PlanTerms, ValidityAnchor};
use domain::time::Span;
use ports::Clock;
use store::sales::vouchers::NewVouchers;
use tests::world::{World, hour, month};

const PHONE: &str = "02:00:00:00:00:0A";

#[tokio::test]
async fn a_code_opens_exactly_what_its_plan_sells() {
    let world = World::open().await.expect("a world");
    let burst = domain::rate::Burst {
        rate: "4M/10M".parse().expect("good"),
        threshold: "1500k/4M".parse().expect("good"),
        seconds: "16".parse().expect("good"),
    };
    let terms = hour();
    let rate = terms.rate.map(|rate| domain::rate::RateLimit { burst: Some(burst), ..rate });
    let plan = world.sells(&world.isp, PlanTerms { rate, ..terms }, "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");

    let reply = world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");

    assert!(reply.is_accept());
    let packet = reply.packet();
    let rate = packet.get(mikrotik::RATE_LIMIT).and_then(|text| text.as_str());
    assert_eq!(rate, Some("2M/5M 4M/10M 1500k/4M 16/16"));
    assert_eq!(reply.session_timeout(), Some(3_600));
    assert_eq!(packet.get(rfc2865::PORT_LIMIT), Some(1));
    assert!(packet.get(rfc2869::ACCT_INTERIM_INTERVAL).is_some_and(|seconds| (270..=330).contains(&seconds)));
    assert!(nas::class::decode(&reply.class()).is_some_and(|ours| ours.holder.is_some()));
    assert_eq!(packet.count(mikrotik::TOTAL_LIMIT), 0);
}

#[tokio::test]
async fn an_unlimited_plan_sends_no_rate_at_all() {
    let world = World::open().await.expect("a world");
    let terms = PlanTerms { rate: None, ..hour() };
    let plan = world.sells(&world.isp, terms, "night", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");

    let reply = world.isp.router.asks("Sunrise77", "Sunrise77", PHONE).await.expect("sent").expect("an answer");

    assert!(reply.is_accept());
    assert_eq!(reply.packet().count(mikrotik::RATE_LIMIT), 0);
}

#[tokio::test]
async fn every_no_has_its_own_sentence_and_a_trace_code() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(isp, &plan, &["Sunrise77"]).await.expect("printed");
    let ended = world.clock.now().minus(Span::minutes(24 * 60));
    let begun = ended.minus(Span::minutes(60));
    let old = |made: &mut NewVouchers| {
        made.sold_at = Some(begun);
        made.expires_at = Some(ended);
    };
    world.prints_as(isp, &plan, &["Yesterday5"], old).await.expect("printed");

    let mut sentences = Vec::new();
    for (user, password) in [("Sunrise77", "guess"), ("sunrise77", ""), ("Nobody123", ""), ("Yesterday5", "")] {
        let reply = isp.router.asks(user, password, PHONE).await.expect("sent").expect("an answer");
        assert!(!reply.is_accept(), "{user}");
        assert_eq!(reply.trace().len(), 6);
        sentences.push(reply.sentence());
    }

    assert!(sentences[0].starts_with("wrong password"), "{sentences:?}");
    assert!(sentences[1].contains("capital and small letters"), "{sentences:?}");
    assert!(sentences[2].contains("not found"), "{sentences:?}");
    assert!(sentences[3].starts_with("expired"), "{sentences:?}");
}

#[tokio::test]
async fn the_time_left_shrinks_and_ends() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let ask = || async { world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer") };

    let first = ask().await;
    world.clock.passes(Span::minutes(45));
    let later = ask().await;
    world.clock.passes(Span::minutes(15));
    let over = ask().await;

    assert_eq!((first.session_timeout(), later.session_timeout()), (Some(3_600), Some(900)));
    assert!(over.sentence().starts_with("expired"));
}

#[tokio::test]
async fn the_number_that_bought_a_voucher_logs_in_in_any_spelling() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let now = world.clock.now();
    let phone = Msisdn::parse(b"0712345678", &world.isp.tenant.calling_code).expect("good");
    let bought = |made: &mut NewVouchers| {
        made.bought_by = Some(phone);
        made.sold_at = Some(now);
        made.expires_at = Some(now.plus(Span::minutes(60)));
    };
    world.prints_as(&world.isp, &plan, &["Sunrise77"], bought).await.expect("sold");

    for spelling in ["0712345678", "+254712345678", "254712345678", "712345678"] {
        let reply = world.isp.router.asks(spelling, spelling, PHONE).await.expect("sent").expect("an answer");
        assert!(reply.is_accept(), "{spelling}: {}", reply.sentence());
    }
    let stranger = world.isp.router.asks("0712345679", "", PHONE).await.expect("sent").expect("an answer");
    assert!(!stranger.is_accept());
}

#[tokio::test]
async fn another_isps_code_is_not_known_here() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu").await.expect("connected");

    for (user, password) in [("Sunrise77", ""), ("sunrise77", ""), ("house-12", "karibu")] {
        let reply = world.other.router.asks(user, password, PHONE).await.expect("sent").expect("an answer");
        assert!(reply.sentence().contains("not found"), "{user}: {}", reply.sentence());
    }
}

#[tokio::test]
async fn a_router_with_another_secret_hears_nothing() {
    let world = World::open().await.expect("a world");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu").await.expect("connected");
    let mut stranger = world.isp.router.clone();
    stranger.secret = "not-the-secret";

    let reply = stranger.asks("house-12", "karibu", PHONE).await.expect("sent");

    assert!(reply.is_none());
}

#[tokio::test]
async fn a_strange_password_in_a_signed_request_is_a_wrong_password() {
    let world = World::open().await.expect("a world");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu").await.expect("connected");

    let reply = world.isp.router.asks("house-12", "\u{1}\u{2}\u{3}", PHONE).await.expect("sent").expect("an answer");

    assert!(!reply.is_accept(), "the router has proved its secret, so the password is the person's");
}

#[tokio::test]
async fn an_address_that_nobody_registered_hears_nothing() {
    let world = World::open().await.expect("a world");
    let mut stranger = world.isp.router.clone();
    stranger.from = "127.0.0.9".parse().expect("good");

    assert!(stranger.asks("anybody", "anything", PHONE).await.expect("sent").is_none());
}

#[tokio::test]
async fn explain_tells_the_story_of_a_refusal() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let reply = world.isp.router.asks("Sunrise77", "guess", PHONE).await.expect("sent").expect("an answer");
    let tenants = [world.isp.tenant.clone(), world.other.tenant.clone()];
    world.recorded().await;

    let by_trace = actions::access::explain::explain(&world.store, &tenants, &reply.trace()).await.expect("found");
    let by_user = actions::access::explain::explain(&world.store, &tenants, "Sunrise77").await.expect("found");
    let elsewhere =
        actions::access::explain::explain(&world.store, &tenants[1..], &reply.trace()).await.expect("asked");

    let story = by_trace.expect("a story").lines(&|_| String::new()).join("\n");
    assert!(story.starts_with("REFUSED") && story.contains("Is the password right? NO"), "{story}");
    assert!(by_user.is_some());
    assert!(elsewhere.is_none(), "another ISP must not see it");
}

#[tokio::test]
async fn a_card_that_waits_for_its_sale_opens_once_it_is_sold_and_no_more_once_it_is_taken_back() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let terms = PlanTerms { anchor: ValidityAnchor::Sale, ..hour() };
    let plan = world.sells(isp, terms, "counter", PlanService::Hotspot).await.expect("sold");
    world.prints(isp, &plan, &["Sunrise77"]).await.expect("printed");
    let code = "Sunrise77".parse().expect("good");
    let ask = || async { isp.router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer") };

    let before = ask().await;
    sell_printed(&world.store, &isp.scope, &isp.tenant.zone, &code, world.context()).await.expect("sold");
    world.knows_what_changed().await;
    world.clock.passes(Span::minutes(20));
    let sold = ask().await;
    let twice = sell_printed(&world.store, &isp.scope, &isp.tenant.zone, &code, world.context()).await;
    assert!(revoke_voucher(&world.store, &isp.scope, &code, world.context()).await.expect("revoked"));
    world.knows_what_changed().await;
    let after = ask().await;

    assert!(before.sentence().contains("not been sold"), "{}", before.sentence());
    assert_eq!(sold.session_timeout(), Some(2_400), "the hour runs from the sale");
    assert!(twice.is_err());
    assert!(after.sentence().contains("cancelled"), "{}", after.sentence());
}

#[tokio::test]
async fn a_voucher_sold_to_a_number_logs_in_by_it_and_another_isp_cannot_revoke_it() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let terms = PlanTerms { anchor: ValidityAnchor::Purchase, ..hour() };
    let plan = world.sells(isp, terms, "hour", PlanService::Hotspot).await.expect("sold");
    let buyer = Msisdn::parse(b"0712345678", &isp.tenant.calling_code).expect("good");

    let sold = sell_new(&world.store, &isp.scope, &isp.tenant.zone, &plan, Some(buyer), world.context()).await;
    let sold = sold.expect("sold");
    let stolen = revoke_voucher(&world.store, &world.other.scope, &sold.code, world.context()).await.expect("asked");
    let by_code = isp.router.asks(sold.code.expose(), "", PHONE).await.expect("sent").expect("an answer");
    let by_phone = isp.router.asks("0712 345 678", "", PHONE).await.expect("sent").expect("an answer");

    assert!(!stolen);
    assert!(by_code.is_accept() && by_phone.is_accept());
}
