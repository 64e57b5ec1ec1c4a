//! Devices that come back without typing, and devices that are let go of or blocked. Each story is told twice: where
//! logins are decided from memory, and where the database decides.

use actions::access::block_device::{self, Blocked};
use actions::access::converge;
use actions::access::release_device::release_device;
use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::access::attempt::Device;
use domain::access::decision::Decision;
use domain::access::facts::{FoundBy, Holder};
use domain::access::order::{Ask, Why};
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, PlanService, PlanTerms, WhenFull};
use domain::time::Span;
use store::access::decisions::{self, Search};
use store::sales::vouchers;
use tests::client::{Reply, Report};
use tests::world::{Isp, World, hour, hour_for, month};

const PHONE: &str = "02:00:00:00:00:0A";
const OTHER: &str = "02:00:00:00:00:0B";

/// Tells a story on both grounds.
async fn told_twice(story: impl AsyncFn(World)) {
    for from_memory in [false, true] {
        let world = World::open_with(|settings| settings.decides_from_memory = from_memory).await.expect("a world");
        story(world).await;
    }
}

async fn asks(isp: &Isp, user: &str, mac: &str) -> Reply {
    isp.router.asks_at_hotspot(user, "", mac).await.expect("sent").expect("an answer")
}

/// A phone logs in with a code and its router reports the session; gives its class.
async fn comes_online(world: &World, code: &str, mac: &str, session: &str) -> Vec<u8> {
    let reply = asks(&world.isp, code, mac).await;
    assert!(reply.is_accept(), "{}", reply.sentence());
    reports(world, START, code, mac, session, &reply.class()).await;
    reply.class()
}

async fn reports(world: &World, status: u32, user: &str, mac: &str, session: &str, class: &[u8]) {
    let report = Report { status, session, user, mac, class, in_octets: 0, out_octets: 0, seconds: 0 };
    world.isp.router.reports(&report).await.expect("sent").expect("an answer");
    world.drained().await;
    world.knows_what_changed().await;
}

async fn sells(world: &World, terms: PlanTerms, codes: &[&str]) -> Plan {
    let plan = world.sells(&world.isp, terms, "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, codes).await.expect("printed");
    plan
}

async fn holder(world: &World, code: &str) -> Holder {
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    let found = vouchers::find_by_code(&mut tx, &code.parse().expect("good")).await.expect("looked up");
    Holder::Voucher(found.expect("there").id)
}

fn device(mac: &str) -> Device {
    Device::from_key(mac)
}

/// What convergence would ask of routers now.
async fn orders(world: &World, holder: Holder) -> Vec<Ask> {
    let (scope, zone) = (&world.isp.scope, &world.isp.tenant.zone);
    let looked = converge::look(&world.store, scope, zone, &[holder], world.context()).await.expect("looked");
    looked.orders.into_iter().map(|order| order.ask).collect()
}

#[tokio::test]
async fn a_phone_that_used_a_code_comes_back_without_typing_and_others_do_not() {
    told_twice(async |world| {
        sells(&world, hour(), &["Sunrise77"]).await;
        let class = comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        reports(&world, STOP, "Sunrise77", PHONE, "80100001", &class).await;

        let back = asks(&world.isp, "02-00-00-00-00-0A", PHONE).await;
        let as_password = world.isp.router.asks_at_hotspot(PHONE, PHONE, PHONE).await.expect("sent");
        let guess = world.isp.router.asks_at_hotspot(PHONE, "guess", PHONE).await.expect("sent");
        let typed_elsewhere = asks(&world.isp, PHONE, OTHER).await;
        let unknown = asks(&world.isp, OTHER, OTHER).await;
        let theirs = world.other.router.asks_at_hotspot(PHONE, "", PHONE).await.expect("sent").expect("an answer");

        assert!(back.is_accept(), "{}", back.sentence());
        assert!(back.session_timeout().is_some_and(|seconds| seconds <= 3_600));
        assert!(as_password.expect("an answer").is_accept());
        assert!(guess.expect("an answer").sentence().contains("password"));
        for nobody in [typed_elsewhere, unknown, theirs] {
            assert_eq!(nobody.sentence(), Refusal::Unknown.sentence());
        }
    })
    .await;
}

#[tokio::test]
async fn a_phone_comes_back_by_itself_after_its_voucher_was_renewed() {
    told_twice(async |world| {
        sells(&world, hour(), &["Sunrise77"]).await;
        let class = comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        reports(&world, STOP, "Sunrise77", PHONE, "80100001", &class).await;
        world.clock.passes(Span::minutes(61));
        let over = asks(&world.isp, PHONE, PHONE).await;

        let Holder::Voucher(voucher) = holder(&world, "Sunrise77").await else { panic!("a voucher") };
        let longer = world.context().now().plus(Span::minutes(30));
        let mut admin = world.database.admin().await;
        let micros = longer.as_micros().to_string();
        sqlx::query("update vouchers set expires_at = to_timestamp($2::numeric / 1000000) where id = $1")
            .bind(voucher.uuid())
            .bind(micros)
            .execute(&mut admin)
            .await
            .expect("renewed");
        world.knows_what_changed().await;
        let back = asks(&world.isp, PHONE, PHONE).await;

        assert!(!over.is_accept());
        assert!(back.is_accept(), "{}", back.sentence());
    })
    .await;
}

#[tokio::test]
async fn idle_phones_are_refused_again_and_again_and_may_log_in_all_the_same() {
    told_twice(async |world| {
        sells(&world, hour(), &["Sunrise77"]).await;
        for _ in 0..30 {
            let nothing = asks(&world.isp, PHONE, PHONE).await;
            assert_eq!(nothing.sentence(), Refusal::Unknown.sentence(), "never: too many tries");
        }
        world.recorded().await;
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
        let search = Search { device: Some(device(PHONE)), ..Search::default() };
        let recorded = decisions::search(&mut tx, &search, tests::first_page()).await.expect("searched").rows.len();
        drop(tx);

        comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        let back = asks(&world.isp, PHONE, PHONE).await;

        assert!(recorded <= 2, "{recorded} records of one idle phone");
        assert!(back.is_accept(), "known within a second: {}", back.sentence());
    })
    .await;
}

#[tokio::test]
async fn a_house_is_never_found_by_the_address_of_its_router() {
    told_twice(async |world| {
        let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
        world.connects(&world.isp, &plan, "house-12", "karibu").await.expect("connected");
        let online = world.isp.router.asks("house-12", "karibu", PHONE).await.expect("sent").expect("an answer");
        assert!(online.is_accept());
        reports(&world, START, "house-12", PHONE, "81100001", &online.class()).await;

        let by_address = asks(&world.isp, PHONE, PHONE).await;

        assert_eq!(by_address.sentence(), Refusal::Unknown.sentence());
    })
    .await;
}

#[tokio::test]
async fn a_blocked_device_is_refused_at_once_and_what_it_has_online_is_to_end() {
    told_twice(async |world| {
        sells(&world, hour_for(2), &["Sunrise77"]).await;
        comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        comes_online(&world, "Sunrise77", OTHER, "80100002").await;
        let holder = holder(&world, "Sunrise77").await;
        let (store, scope) = (&world.store, &world.isp.scope);

        let done = block_device::block_device(store, scope, holder, &device(PHONE), world.context()).await;
        assert_eq!(done.expect("blocked"), Blocked::Done { live: 1 });
        world.knows_what_changed().await;
        let by_code = asks(&world.isp, "Sunrise77", PHONE).await;
        let by_address = asks(&world.isp, PHONE, PHONE).await;
        let third = asks(&world.isp, "Sunrise77", "02:00:00:00:00:0C").await;
        let asked = orders(&world, holder).await;

        assert_eq!(by_code.sentence(), Refusal::DeviceBlocked.sentence());
        assert_eq!(by_address.sentence(), Refusal::DeviceBlocked.sentence());
        assert!(third.is_accept(), "its place is free: {}", third.sentence());
        assert_eq!(asked, [Ask::Disconnect(Why::Refused(Refusal::DeviceBlocked))], "the other one stays");

        let unblocked = block_device::unblock_device(store, scope, holder, &device(PHONE), world.context()).await;
        assert!(unblocked.expect("unblocked"));
        world.knows_what_changed().await;
        let full = asks(&world.isp, "Sunrise77", PHONE).await;
        assert_eq!(full.sentence(), Refusal::AlreadyInUse.sentence(), "allowed, but its place has gone");
    })
    .await;
}

#[tokio::test]
async fn a_device_that_is_let_go_of_leaves_its_place_to_the_next_at_once() {
    told_twice(async |world| {
        sells(&world, hour(), &["Sunrise77"]).await;
        comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        let holder = holder(&world, "Sunrise77").await;
        let full = asks(&world.isp, "Sunrise77", OTHER).await;

        let (store, scope) = (&world.store, &world.isp.scope);
        let live = release_device(store, scope, holder, &device(PHONE), world.context()).await.expect("released");
        world.knows_what_changed().await;
        let by_address = asks(&world.isp, PHONE, PHONE).await;
        let next = asks(&world.isp, "Sunrise77", OTHER).await;
        let asked = orders(&world, holder).await;

        assert_eq!((full.sentence().as_str(), live), (Refusal::AlreadyInUse.sentence(), Some(1)));
        assert_eq!(by_address.sentence(), Refusal::Unknown.sentence(), "it has to type the code again");
        assert!(next.is_accept(), "{}", next.sentence());
        assert_eq!(asked, [Ask::Disconnect(Why::Released)]);
        let never = release_device(store, scope, holder, &device("02:00:00:00:00:0D"), world.context()).await;
        assert_eq!(never.expect("asked"), None);
    })
    .await;
}

#[tokio::test]
async fn what_a_device_found_is_told_and_can_be_replayed() {
    told_twice(async |world| {
        sells(&world, hour(), &["Sunrise77"]).await;
        comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        let holder = holder(&world, "Sunrise77").await;
        let back = asks(&world.isp, PHONE, PHONE).await;
        assert!(back.is_accept());
        let (store, scope) = (&world.store, &world.isp.scope);
        block_device::block_device(store, scope, holder, &device(PHONE), world.context()).await.expect("blocked");
        world.knows_what_changed().await;
        let blocked = asks(&world.isp, PHONE, PHONE).await;
        assert!(!blocked.is_accept());
        world.recorded().await;

        let tenants = [world.isp.tenant.clone()];
        let mut tx = world.store.tenant(scope).await.expect("begun");
        let search = Search { device: Some(device(PHONE)), ..Search::default() };
        let answers = decisions::search(&mut tx, &search, tests::first_page()).await.expect("searched").rows;
        assert_eq!(answers.len(), 3);
        for answer in &answers {
            let then = actions::access::replay::FactsOf::Then;
            let replayed = actions::access::replay::replay(&world.store, &tenants, answer.trace, None, then).await;
            let replayed = replayed.expect("replayed");
            assert!(replayed.is_same(), "{:?}", replayed.outcome);
        }
        assert!(answers.iter().any(|answer| answer.refusal == Some(Refusal::DeviceBlocked)));
        let by_device = |answer: &&Decision| answer.inputs.candidates.iter().any(|one| one.found_by == FoundBy::Device);
        assert_eq!(answers.iter().filter(by_device).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn where_the_newest_wins_a_phone_with_another_address_takes_its_own_place_back() {
    told_twice(async |world| {
        let terms = PlanTerms { when_full: WhenFull::NewestWins, ..hour() };
        sells(&world, terms, &["Sunrise77"]).await;
        comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        let holder = holder(&world, "Sunrise77").await;
        world.clock.passes(Span::seconds(5));

        comes_online(&world, "Sunrise77", OTHER, "80100002").await;
        let asked = orders(&world, holder).await;
        let old_by_itself = asks(&world.isp, PHONE, PHONE).await;

        assert_eq!(asked, [Ask::Disconnect(Why::Refused(Refusal::AlreadyInUse))], "the old one alone is cut");
        assert_eq!(old_by_itself.sentence(), Refusal::AlreadyInUse.sentence(), "or they would push each other out");
        let back = asks(&world.isp, OTHER, OTHER).await;
        assert!(back.is_accept(), "the newest comes back by itself: {}", back.sentence());
    })
    .await;
}

#[tokio::test]
async fn of_two_devices_the_one_that_was_heard_of_longest_ago_makes_room_for_the_newest() {
    told_twice(async |world| {
        let terms = PlanTerms { when_full: WhenFull::NewestWins, ..hour_for(2) };
        sells(&world, terms, &["Sunrise77"]).await;
        let class = comes_online(&world, "Sunrise77", PHONE, "80100001").await;
        world.clock.passes(Span::seconds(5));
        comes_online(&world, "Sunrise77", OTHER, "80100002").await;
        world.clock.passes(Span::seconds(5));
        reports(&world, INTERIM_UPDATE, "Sunrise77", PHONE, "80100001", &class).await;

        let third = asks(&world.isp, "Sunrise77", "02:00:00:00:00:0C").await;
        let of_the_first = asks(&world.isp, PHONE, PHONE).await;
        let of_the_second = asks(&world.isp, OTHER, OTHER).await;

        assert!(third.is_accept() && of_the_first.is_accept());
        assert_eq!(of_the_second.sentence(), Refusal::AlreadyInUse.sentence());
    })
    .await;
}
