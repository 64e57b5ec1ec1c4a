//! The rules are asked again.

use std::collections::BTreeSet;

use actions::access::replay::{self, FactsOf, Replay, ReplayError};
use actions::sales::revoke_voucher::revoke_voucher;
use domain::access::decision::TraceCode;
use domain::refusal::Refusal;
use domain::sales::plan::{PlanService, PlanTerms, ValidityAnchor};
use domain::time::Span;
use ports::Clock;
use store::access::decisions::{self, Search};
use store::sales::vouchers::NewVouchers;
use tests::world::{World, hour, month};

const PHONE: &str = "02:00:00:00:00:0A";
const OTHER: &str = "02:00:00:00:00:0B";

async fn again(world: &World, trace: TraceCode, facts: FactsOf) -> Replay {
    let tenants = [world.isp.tenant.clone(), world.other.tenant.clone()];
    replay::replay(&world.store, &tenants, trace, None, facts).await.expect("replayed")
}

#[tokio::test]
async fn every_answer_is_the_same_when_the_rules_are_asked_again() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let cards = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let waiting = PlanTerms { anchor: ValidityAnchor::Sale, ..hour() };
    let waiting = world.sells(isp, waiting, "counter", PlanService::Hotspot).await.expect("sold");
    let home = world.sells(isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(isp, &home, "house-12", "karibu").await.expect("connected");
    world.prints(isp, &cards, &["Sunrise77", "Cancelled5"]).await.expect("printed");
    world.prints(isp, &waiting, &["Waiting22"]).await.expect("printed");
    let ended = world.clock.now().minus(Span::minutes(60));
    let old = |made: &mut NewVouchers| {
        made.sold_at = Some(ended.minus(Span::minutes(60)));
        made.expires_at = Some(ended);
    };
    world.prints_as(isp, &cards, &["Yesterday5"], old).await.expect("printed");
    world.prints_as(isp, &cards, &["TooLate555"], |made| made.sell_by = Some(ended)).await.expect("printed");
    let code = "Cancelled5".parse().expect("good");
    revoke_voucher(&world.store, &isp.scope, &code, world.context()).await.expect("revoked");

    for (user, password, device) in [
        ("Sunrise77", "", PHONE),
        ("Sunrise77", "Sunrise77", PHONE),
        ("Sunrise77", "", OTHER),
        ("Sunrise77", "guess", PHONE),
        ("sunrise77", "", PHONE),
        ("Nobody123", "", PHONE),
        ("Cancelled5", "", PHONE),
        ("Waiting22", "", PHONE),
        ("Yesterday5", "", PHONE),
        ("TooLate555", "", PHONE),
        ("house-12", "karibu", PHONE),
        ("house-12", "wrong", PHONE),
    ] {
        isp.router.asks(user, password, device).await.expect("sent").expect("an answer");
    }
    world.recorded().await;

    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let asked = decisions::search(&mut tx, &Search::default(), tests::first_page()).await.expect("found").rows;
    let mut refusals = BTreeSet::new();
    // The harness asks for nobody until the server knows its routers.
    for decision in asked.iter().filter(|decision| decision.user_name != b"nobody") {
        let replayed = again(&world, decision.trace, FactsOf::Then).await;

        let lines = replayed.lines(&|_| String::new()).join("\n");
        assert!(replayed.is_same(), "{lines}");
        assert_eq!(replayed.trail, decision.trail, "{lines}");
        refusals.insert(decision.refusal.map_or("accepted", Refusal::code));
    }
    let wanted = [
        "accepted",
        "already_in_use",
        "expired",
        "not_sold",
        "past_sell_by",
        "revoked",
        "unknown",
        "wrong_case",
        "wrong_password",
    ];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn with_todays_facts_the_answer_may_differ_and_the_difference_is_shown() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(isp, &plan, &["Sunrise77"]).await.expect("printed");
    isp.router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");
    world.recorded().await;
    let search = Search { user: Some("Sunrise77".to_owned()), ..Search::default() };
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let trace = decisions::latest(&mut tx, &search).await.expect("looked").expect("recorded").trace;
    world.clock.passes(Span::minutes(61));

    let then = again(&world, trace, FactsOf::Then).await;
    let today = again(&world, trace, FactsOf::Today(world.clock.now())).await;

    assert!(then.is_same() && !today.is_same());
    assert_eq!(today.outcome, Err(Refusal::Expired));
    let lines = today.lines(&|_| String::new()).join("\n");
    assert!(lines.contains("now:    REFUSED: expired") && lines.contains("    + Is there time left? NO"), "{lines}");
    assert!(lines.ends_with("IT DIFFERS"), "{lines}");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_told() {
    let world = World::open().await.expect("a world");
    isp_asks(&world).await;
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    let trace = decisions::latest(&mut tx, &Search::default()).await.expect("looked").expect("recorded").trace;
    let theirs = std::slice::from_ref(&world.other.tenant);
    let ours = std::slice::from_ref(&world.isp.tenant);

    let of_others = replay::replay(&world.store, theirs, trace, None, FactsOf::Then).await;
    let of_no_version = replay::replay(&world.store, ours, trace, Some(999), FactsOf::Then).await;

    assert!(matches!(of_others, Err(ReplayError::Unknown(_))), "{of_others:?}");
    let told = of_no_version.expect_err("no such rules").to_string();
    assert_eq!(told, "the rules of version 999 are not kept: there are 1");
}

async fn isp_asks(world: &World) {
    world.isp.router.asks("Nobody123", "", PHONE).await.expect("sent").expect("an answer");
    world.recorded().await;
}
