//! Which router is asking, and whether it must sign.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use actions::network::change_nas::{self, Changes, Which, whatever};
use actions::network::retire_nas;
use dictionaries::rfc2866::acct_status_type::START;
use domain::network::nas::{PortPair, Signing, SigningRule, shared_secret};
use domain::sales::plan::{DeviceCap, PlanService};
use domain::time::Span;
use store::network::{nas, sightings};
use tests::client::{Report, Router};
use tests::world::{Isp, World, hour_for};
use tokio::time::Instant;

const PHONE: &str = "02:00:00:00:00:0A";

/// How long a change may take until it is in force, with some for a busy machine.
const IN_FORCE: Duration = Duration::from_secs(5);

/// A World in which both ISPs have sold a code for many phones.
async fn opened(world: &World) {
    for (isp, code) in [(&world.isp, "Sunrise77"), (&world.other, "Sunset88")] {
        let plan = world.sells(isp, hour_for(DeviceCap::MAX), "hour", PlanService::Hotspot).await.expect("sold");
        world.prints(isp, &plan, &[code]).await.expect("printed");
    }
}

/// Asks until the answer is the wanted one: an accept, or silence.
async fn until_it_is(wanted: bool, router: &Router, code: &str) -> Duration {
    let hasty = Router { patience: Duration::from_millis(100), ..router.clone() };
    let began = Instant::now();
    while hasty.asks(code, "", PHONE).await.expect("sent").is_some_and(|reply| reply.is_accept()) != wanted {
        assert!(began.elapsed() < IN_FORCE, "the change is not in force after {IN_FORCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

async fn changes(world: &World, isp: &Isp, name: &str, changes: Changes) {
    let name = name.parse().expect("good");
    let which = Which::Named(&name);
    change_nas::change_nas(&world.store, &isp.scope, which, changes, &whatever, world.context())
        .await
        .expect("changed");
}

#[tokio::test]
async fn two_tenants_with_nested_networks_are_both_answered() {
    let world = World::open().await.expect("a world");
    opened(&world).await;
    let anywhere =
        |new: &mut actions::network::register_nas::NewNas| new.address = "127.0.0.0/8".parse().expect("good");
    let nested = world.registers(&world.other, "hill", "127.0.0.1", "nested-secret", anywhere).await.expect("known");

    until_it_is(true, &nested, "Sunset88").await;
    let inner = world.isp.router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");
    let elsewhere = Router { from: "127.9.9.9".parse().expect("good"), ..nested.clone() };

    assert!(inner.is_accept(), "the address inside the network");
    assert!(elsewhere.asks("Sunset88", "", PHONE).await.expect("sent").expect("an answer").is_accept());
    let wrong = nested.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");
    assert_eq!(wrong.sentence(), "code or user name not found: check it and try again", "each has its own codes");
    let report = Report {
        status: START,
        session: "81000001",
        user: "Sunset88",
        mac: PHONE,
        class: &[],
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    assert!(nested.reports(&report).await.expect("sent").is_some(), "its reports are its own as well");
}

#[tokio::test]
async fn a_router_is_in_force_within_a_second_of_every_change_and_gone_when_it_is_removed() {
    let world = World::open().await.expect("a world");
    opened(&world).await;

    let hill = world.registers(&world.isp, "hill", "127.0.0.3", "hill-secret", |_| {}).await.expect("registered");
    let known = until_it_is(true, &hill, "Sunrise77").await;
    let secret = Some(shared_secret("another-secret-of-it").expect("good"));
    changes(&world, &world.isp, "hill", Changes { secret, ..Changes::default() }).await;
    let renewed = Router { secret: "another-secret-of-it", ..hill.clone() };
    let changed = until_it_is(true, &renewed, "Sunrise77").await;
    assert!(hill.sends_raw(b"\x01\x01\x00\x14", hill.auth).await.expect("sent").is_none());
    let name = "hill".parse().expect("good");
    let which = Which::Named(&name);
    retire_nas::retire_nas(&world.store, &world.isp.scope, which, &whatever, world.context()).await.expect("retired");
    let gone = until_it_is(false, &renewed, "Sunrise77").await;

    for took in [known, changed, gone] {
        assert!(took < Duration::from_millis(2_000), "a change took {took:?}");
    }
}

#[tokio::test]
async fn routers_behind_one_address_have_ports_of_their_own() {
    let pair = free_pair();
    let world = World::open_with(|settings| settings.extra_pairs = vec![pair]).await.expect("a world");
    opened(&world).await;
    let own = |new: &mut actions::network::register_nas::NewNas| new.port_pair = Some(pair);

    let common = &world.isp.router;
    // The same address and the same secret as the first ISP's router: only the ports differ.
    let twin = world.registers(&world.other, "twin", "127.0.0.1", common.secret, own).await.expect("registered");
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let twin = Router { auth: at(pair.auth()), acct: at(pair.acct()), ..twin };

    until_it_is(true, &twin, "Sunset88").await;
    assert!(accepts_unsigned(&twin, "Sunset88").await);
    assert!(accepts_unsigned(common, "Sunrise77").await);
    assert!(!twin.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer").is_accept());
}

/// Whether an unsigned login gets in, asked three times as RouterOS does.
async fn accepts_unsigned(router: &Router, code: &str) -> bool {
    for _ in 0..3 {
        if let Some(reply) = router.asks_unsigned(code, "", PHONE).await.expect("sent") {
            return reply.is_accept();
        }
    }
    false
}

/// Two neighbouring ports that nobody has.
fn free_pair() -> PortPair {
    let tries = (0..100).filter_map(|_| {
        let first = UdpSocket::bind("0.0.0.0:0").ok()?;
        let pair = PortPair::of_auth(first.local_addr().ok()?.port())?;
        UdpSocket::bind(("0.0.0.0", pair.acct())).ok().map(|_| pair)
    });
    tries.into_iter().next().expect("two neighbouring ports are free")
}

#[tokio::test]
async fn a_router_that_always_signs_is_held_to_it() {
    let world = World::open().await.expect("a world");
    opened(&world).await;
    let router = &world.isp.router;
    let hasty = Router { patience: Duration::from_millis(100), ..router.clone() };
    let unsigned = async || hasty.asks_unsigned("Sunrise77", "", PHONE).await.expect("sent").is_some();

    for _ in 0..25 {
        router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");
    }
    until_seen(&world, |_, seen| seen.is_some_and(|seen| seen.signed_in_row >= 20)).await;
    assert!(!signing(&world).await.demands(), "a few minutes are no habit");
    world.clock.passes(Span::minutes(11));
    router.asks("Sunrise77", "", PHONE).await.expect("sent").expect("an answer");
    until_seen(&world, |signing, _| signing.demands()).await;
    until(async || !unsigned().await).await;
    assert!(router.asks("Sunrise77", "", PHONE).await.expect("sent").is_some(), "signed ones go on");
    until_seen(&world, |_, seen| seen.is_some_and(|seen| seen.unsigned_at.is_some())).await;
    assert!(signing(&world).await.demands(), "an unsigned one does not turn it back");

    let signing = Some(SigningRule::Allow);
    changes(&world, &world.isp, "tower", Changes { signing, ..Changes::default() }).await;
    until(unsigned).await;
    let signing = Some(SigningRule::Require);
    changes(&world, &world.isp, "tower", Changes { signing, ..Changes::default() }).await;
    until(async || !unsigned().await).await;
}

async fn signing(world: &World) -> Signing {
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    nas::find_by_name(&mut tx, &"tower".parse().expect("good")).await.expect("looks").expect("there").signing
}

async fn until_seen(world: &World, is_so: impl Fn(Signing, Option<domain::network::sighting::Seen>) -> bool) {
    until(async || {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        let name = "tower".parse().expect("good");
        let nas = nas::find_by_name(&mut tx, &name).await.expect("looks").expect("there");
        let seen = sightings::find(&mut tx, nas.id).await.expect("looks");
        is_so(nas.signing, seen)
    })
    .await;
}

async fn until(is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_unsigned_login_from_a_network_is_not_answered() {
    let world = World::open().await.expect("a world");
    opened(&world).await;
    let wide = |new: &mut actions::network::register_nas::NewNas| new.address = "127.1.0.0/16".parse().expect("good");
    let hill = world.registers(&world.isp, "hill", "127.1.2.3", "hill-secret", wide).await.expect("registered");

    until_it_is(true, &hill, "Sunrise77").await;
    let hasty = Router { patience: Duration::from_millis(300), ..hill };

    assert!(hasty.asks_unsigned("Sunrise77", "", PHONE).await.expect("sent").is_none());
}
