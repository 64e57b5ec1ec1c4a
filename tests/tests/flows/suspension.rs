//! Subscribers are suspended, one or many at once, and run again; and where the ISP wants it, they meet a page that says
//! how to pay.

use std::num::NonZeroU32;
use std::time::Duration;

use actions::access::converge;
use actions::access::replay::{self, FactsOf};
use actions::people::add_subscribers::{self, Wanted};
use actions::people::suspend;
use actions::people::suspend_many::{self, Preview, SuspendManyError, Undone};
use actions::platform::change_settings::change_settings;
use dictionaries::rfc2866::acct_status_type::{START, STOP};
use dictionaries::{mikrotik, rfc2869};
use domain::access::facts::Holder;
use domain::access::order::{Ask, Why};
use domain::people::operation::Outcome;
use domain::people::subscriber::{Username, password};
use domain::platform::house::{HouseRules, Restriction, Unpaid};
use domain::platform::settings::TenantSettings;
use domain::rate::RateLimit;
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, PlanService};
use domain::time::Span;
use ports::Clock;
use store::access::decisions::{self, Search};
use store::people::operations::{self, Choice};
use store::people::subscribers;
use tests::client::{Reply, Report};
use tests::world::{Isp, World, month};

const MAC: &str = "02:00:00:00:00:0C";

async fn connects_many(world: &World, isp: &Isp, plan: &Plan, count: u32) {
    let wanted = (0..count).map(|number| Wanted {
        username: name(number),
        password: password("karibu").expect("good"),
        plan: plan.id,
        until: Some(world.clock.now().plus(Span::minutes(24 * 60))),
        framed_ip: None,
        phone: None,
        customer: None,
        zone: None,
    });
    let (store, scope, plans) = (&world.store, &isp.scope, std::slice::from_ref(plan));
    let zone = &isp.tenant.zone;
    add_subscribers::add_subscribers(store, scope, zone, plans, wanted.collect(), world.context(), &mut |_| {})
        .await
        .expect("added");
    world.knows_what_changed().await;
}

fn name(number: u32) -> Username {
    Username::parse(format!("house-{number:05}").as_bytes()).expect("good")
}

async fn asks(isp: &Isp, number: u32) -> Reply {
    isp.router.asks(name(number).as_str(), "karibu", MAC).await.expect("sent").expect("an answer")
}

async fn on_plan(world: &World, plan: &Plan) -> Preview {
    let choice = Choice { plan: Some(plan.id), ..Choice::default() };
    suspend_many::preview(&world.store, &world.isp.scope, &choice).await.expect("looked")
}

async fn outcomes(world: &World, id: domain::id::OperationId) -> Vec<(String, Outcome)> {
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    let rows = operations::rows(&mut tx, id, 0, 1_000).await.expect("read");
    rows.into_iter().map(|row| (row.username.to_string(), row.outcome)).collect()
}

#[tokio::test]
async fn a_preview_says_who_is_meant_and_how_many_are_online_and_does_nothing() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    let other_plan = world.sells(&world.isp, month(), "other", PlanService::Pppoe).await.expect("sold");
    connects_many(&world, &world.isp, &plan, 3).await;
    world.connects(&world.isp, &other_plan, "elsewhere", "karibu").await.expect("connected");
    let online = asks(&world.isp, 1).await;
    let report = Report {
        status: START,
        session: "81100001",
        user: "house-00001",
        mac: MAC,
        class: &online.class(),
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    world.isp.router.reports(&report).await.expect("sent").expect("an answer");
    world.drained().await;
    suspend::suspend(&world.store, &world.isp.scope, &name(2), world.context()).await.expect("suspended");

    let all = on_plan(&world, &plan).await;
    world.clock.passes(Span::minutes(2 * 24 * 60));
    let by = world.clock.now().minus(Span::minutes(60));
    let expired = Choice { expired_by: Some(by), ..Choice::default() };
    let expired = suspend_many::preview(&world.store, &world.isp.scope, &expired).await.expect("looked");
    let named = Choice { usernames: Some(vec![name(0), name(77)]), ..Choice::default() };
    let named = suspend_many::preview(&world.store, &world.isp.scope, &named).await.expect("looked");
    let theirs = Choice { usernames: Some(vec![name(0)]), ..Choice::default() };
    let theirs = suspend_many::preview(&world.store, &world.other.scope, &theirs).await.expect("looked");

    assert_eq!((all.chosen.len(), all.live(), all.suspended()), (3, 1, 1));
    assert_eq!(expired.chosen.len(), 3, "not the one whose month runs");
    assert_eq!((named.chosen.len(), named.unknown), (1, vec![name(77)]));
    assert_eq!((theirs.chosen.len(), theirs.unknown.len()), (0, 1), "another ISP's house");
    assert!(asks(&world.isp, 0).await.sentence() != Refusal::Suspended.sentence());
}

#[tokio::test]
async fn ten_thousand_are_suspended_in_seconds_and_an_undo_leaves_whom_somebody_touched_since() {
    const MANY: u32 = 10_000;
    let world = World::open().await.expect("a world");
    let (store, scope) = (&world.store, &world.isp.scope);
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    let theirs = world.sells(&world.other, month(), "home", PlanService::Pppoe).await.expect("sold");
    connects_many(&world, &world.isp, &plan, MANY).await;
    connects_many(&world, &world.other, &theirs, 2).await;
    suspend::suspend(store, scope, &name(3), world.context()).await.expect("suspended");
    world.clock.passes(Span::seconds(1));

    let preview = on_plan(&world, &plan).await;
    let began_ms = world.clock.monotonic_ms();
    let operation = suspend_many::begin(store, scope, &preview, "on plan home", world.context()).await.expect("begun");
    let mut told = Vec::new();
    let done = suspend_many::carry_on(store, scope, operation.id, world.context(), &mut |count| told.push(count)).await;
    let took = Duration::from_millis(world.clock.monotonic_ms() - began_ms);
    world.knows_what_changed().await;
    let refused = asks(&world.isp, 9_999).await;

    assert!(done.expect("done").finished_at.is_some());
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(told.last(), Some(&10_000));
    assert_eq!(refused.sentence(), Refusal::Suspended.sentence());
    assert!(asks(&world.other, 1).await.is_accept(), "another ISP's house");
    let of_each = outcomes(&world, operation.id).await;
    assert_eq!(of_each[2], ("house-00002".to_owned(), Outcome::Suspended));
    assert_eq!(of_each[3].1, Outcome::WasSuspended);

    // Somebody resumes one by hand, and resumes and suspends another.
    world.clock.passes(Span::seconds(1));
    suspend::resume(store, scope, &name(4), world.context()).await.expect("resumed");
    suspend::resume(store, scope, &name(5), world.context()).await.expect("resumed");
    suspend::suspend(store, scope, &name(5), world.context()).await.expect("suspended");
    let undone = suspend_many::undo(store, scope, operation.id, world.context(), &mut |_| {}).await.expect("undone");
    world.knows_what_changed().await;

    assert_eq!(undone, Undone { resumed: 9_997, changed_since: 2 });
    assert!(asks(&world.isp, 9_999).await.is_accept());
    assert_eq!(asks(&world.isp, 3).await.sentence(), Refusal::Suspended.sentence(), "it was suspended before");
    assert_eq!(asks(&world.isp, 5).await.sentence(), Refusal::Suspended.sentence(), "it was suspended again since");
    let again = suspend_many::undo(store, scope, operation.id, world.context(), &mut |_| {}).await.expect("undone");
    assert_eq!(again, Undone::default());
    let more = suspend_many::carry_on(store, scope, operation.id, world.context(), &mut |_| {}).await;
    assert!(matches!(more, Err(SuspendManyError::Undone(_))), "{more:?}");
}

#[tokio::test]
async fn an_operation_that_stopped_half_way_goes_on_and_does_nothing_twice() {
    let world = World::open().await.expect("a world");
    let (store, scope) = (&world.store, &world.isp.scope);
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    connects_many(&world, &world.isp, &plan, 30).await;
    let preview = on_plan(&world, &plan).await;
    let operation = suspend_many::begin(store, scope, &preview, "on plan home", world.context()).await.expect("begun");
    let mut tx = store.tenant(scope).await.expect("begun");
    let first = operations::suspend_some(&mut tx, &operation, 10).await.expect("suspended");
    tx.commit().await.expect("committed");
    let half_way = outcomes(&world, operation.id).await;

    let (quietly, as_quietly) = (&mut |_| {}, &mut |_| {});
    let (one, other) = tokio::join!(
        suspend_many::carry_on(store, scope, operation.id, world.context(), quietly),
        suspend_many::carry_on(store, scope, operation.id, world.context(), as_quietly),
    );

    assert_eq!(first.len(), 10);
    assert_eq!(half_way.iter().filter(|(_, outcome)| *outcome == Outcome::Waiting).count(), 20);
    assert!(one.is_ok() && other.is_ok());
    assert!(outcomes(&world, operation.id).await.iter().all(|(_, outcome)| *outcome == Outcome::Suspended));
    let theirs = suspend_many::undo(store, &world.other.scope, operation.id, world.context(), &mut |_| {}).await;
    assert!(matches!(theirs, Err(SuspendManyError::Unknown(_))), "another ISP's operation");
}

/// What the router is told of pool, address list, speed and time.
fn told(reply: &Reply) -> (String, String, String, Option<u32>) {
    let text = |text: Option<radius::value::Text<'_>>| {
        text.and_then(|text| text.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    };
    let packet = reply.packet();
    let (pool, list) = (packet.get(rfc2869::FRAMED_POOL), packet.get(mikrotik::ADDRESS_LIST));
    (text(pool), text(list), reply.rate(), reply.session_timeout())
}

fn restricting() -> HouseRules {
    let slow = "64k".parse().expect("good");
    let terms = Restriction {
        pool: Some("walled".parse().expect("good")),
        address_list: Some("unpaid".parse().expect("good")),
        rate: Some(RateLimit::flat(slow, slow)),
        seconds: NonZeroU32::new(600).expect("good"),
    };
    HouseRules { unpaid: Unpaid::Restrict(Box::new(terms)), ..HouseRules::default() }
}

#[tokio::test]
async fn who_is_suspended_is_led_to_a_page_and_comes_back_when_the_bill_is_paid() {
    for from_memory in [false, true] {
        let world = World::open_with(|settings| settings.decides_from_memory = from_memory).await.expect("a world");
        let (store, isp) = (&world.store, &world.isp);
        let plan = world.sells(isp, month(), "home", PlanService::Pppoe).await.expect("sold");
        let theirs = world.sells(&world.other, month(), "home", PlanService::Pppoe).await.expect("sold");
        connects_many(&world, isp, &plan, 1).await;
        connects_many(&world, &world.other, &theirs, 1).await;
        let restrict = |settings: &mut TenantSettings| settings.house = restricting();
        change_settings(store, &isp.scope, &|_| true, &restrict, world.context()).await.expect("settled");
        world.knows_what_changed().await;
        let paid = asks(isp, 0).await;
        let report = Report {
            status: START,
            session: "81100001",
            user: "house-00000",
            mac: MAC,
            class: &paid.class(),
            in_octets: 0,
            out_octets: 0,
            seconds: 0,
        };
        isp.router.reports(&report).await.expect("sent").expect("an answer");
        world.drained().await;
        assert_eq!(orders(&world).await, [], "whoever has paid stays as he is");

        suspend::suspend(store, &isp.scope, &name(0), world.context()).await.expect("suspended");
        suspend::suspend(store, &world.other.scope, &name(0), world.context()).await.expect("suspended");
        world.knows_what_changed().await;
        let follows = orders(&world).await;
        let restricted = asks(isp, 0).await;
        let wrong = isp.router.asks("house-00000", "guess", MAC).await.expect("sent").expect("an answer");
        let elsewhere = asks(&world.other, 0).await;
        world.drained().await;
        let again = Report { session: "81100002", class: &restricted.class(), ..report };
        let stop = Report { status: STOP, ..report };
        isp.router.reports(&stop).await.expect("sent").expect("an answer");
        isp.router.reports(&again).await.expect("sent").expect("an answer");
        world.drained().await;
        let stays = orders(&world).await;
        suspend::resume(store, &isp.scope, &name(0), world.context()).await.expect("resumed");
        world.knows_what_changed().await;
        let leaves = orders(&world).await;
        let back = asks(isp, 0).await;
        world.clock.passes(Span::minutes(25 * 60));
        let expired = asks(isp, 0).await;

        assert_eq!((told(&paid).0, told(&paid).2), (String::new(), "10M/20M".to_owned()));
        let page = ("walled".to_owned(), "unpaid".to_owned(), "64k/64k".to_owned(), Some(600));
        assert_eq!(told(&restricted), page);
        assert_eq!(told(&expired), page, "whose time is over, too");
        assert_eq!(wrong.sentence(), Refusal::WrongPassword.sentence());
        assert_eq!(elsewhere.sentence(), Refusal::Suspended.sentence(), "another ISP refuses its own");
        assert_eq!(told(&back).2, "10M/20M");
        assert_eq!(follows, [Ask::Disconnect(Why::Renewed)], "it logs in again, and gets the page");
        assert_eq!(stays, []);
        assert_eq!(leaves, [Ask::Disconnect(Why::Renewed)], "it logs in again, and gets what it pays for");
        replays(&world).await;
    }
}

/// What convergence would ask of routers now for the first house.
async fn orders(world: &World) -> Vec<Ask> {
    let (scope, zone) = (&world.isp.scope, &world.isp.tenant.zone);
    let mut tx = world.store.tenant(scope).await.expect("begun");
    let house = subscribers::find_by_username(&mut tx, &name(0)).await.expect("looked up").expect("there");
    drop(tx);
    let holder = Holder::Subscriber(house.id);
    let looked = converge::look(&world.store, scope, zone, &[holder], world.context()).await.expect("looked");
    looked.orders.into_iter().map(|order| order.ask).collect()
}

/// Each answer of the story is the same when the rules are asked again.
async fn replays(world: &World) {
    world.recorded().await;
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    let answers = decisions::search(&mut tx, &Search::default(), tests::first_page()).await.expect("searched").rows;
    drop(tx);
    let tenants = [world.isp.tenant.clone()];
    assert!(answers.len() >= 5);
    for answer in &answers {
        let again = replay::replay(&world.store, &tenants, answer.trace, None, FactsOf::Then).await.expect("replayed");
        assert!(again.is_same(), "{:?} was {:?}", again.outcome, answer.granted);
    }
}
