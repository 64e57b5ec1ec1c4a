use std::fmt::Write as _;

use domain::network::nas::{Signing, Vendor};

use super::*;

fn router(id: u8, address: &str) -> (Nas, SecretBytes) {
    let nas = Nas {
        id: NasId::from_bytes([id; 16]),
        tenant: TenantId::from_bytes([id; 16]),
        name: format!("r{id}").parse().expect("good"),
        address: address.parse().expect("good"),
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3_799,
        signing: Signing::default(),
    };
    (nas, SecretBytes::new(format!("secret of {id}").into_bytes()))
}

fn named(id: u8, address: &str, identifier: Option<&str>, realm: Option<&str>) -> (Nas, SecretBytes) {
    let (nas, secret) = router(id, address);
    (Nas { identifier: identifier.map(Into::into), realm: realm.map(Into::into), ..nas }, secret)
}

fn registry(routers: Vec<(Nas, SecretBytes)>) -> Registry {
    Registry::of(routers, &Registry::default())
}

/// The first octets of the ids, networks parted by a space.
fn found(registry: &Registry, address: &str) -> String {
    let mut text = String::new();
    for network in registry.networks(address.parse().expect("good"), None) {
        for known in network.likeliest_first(Names::default(), None) {
            write!(text, "{}", known.nas.id.bytes()[0]).expect("room");
        }
        text.push(' ');
    }
    text.trim_end().to_owned()
}

const AT: &str = "192.0.2.1/32";

fn network(registry: &Registry) -> &Neighbours {
    registry.networks("192.0.2.1".parse().expect("good"), None).next().expect("there")
}

#[test]
fn longer_networks_come_first_and_shorter_ones_follow() {
    let registry = registry(vec![router(1, "10.0.0.0/8"), router(2, "10.1.2.3/32"), router(3, "10.1.0.0/16")]);

    assert_eq!(found(&registry, "10.1.2.3"), "2 3 1");
    assert_eq!(found(&registry, "10.1.9.9"), "3 1");
    assert_eq!(found(&registry, "10.9.9.9"), "1");
    assert_eq!(found(&registry, "192.0.2.1"), "");
}

#[test]
fn several_routers_share_an_address_in_a_fixed_order() {
    assert_eq!(found(&registry(vec![router(2, AT), router(1, AT)]), "192.0.2.1"), "12");
}

#[test]
fn an_ipv6_network_never_answers_for_an_ipv4_address() {
    let registry = registry(vec![router(1, "::/0"), router(2, "2001:db8::/32"), router(3, "::ffff:198.51.100.7/128")]);

    assert_eq!(found(&registry, "2001:db8::9"), "2 1");
    assert_eq!(found(&registry, "2001:db9::9"), "1");
    assert_eq!(found(&registry, "192.0.2.1"), "");
    assert_eq!(found(&registry, "198.51.100.7"), "3");
}

#[test]
fn ports_of_its_own_belong_to_a_router_and_it_to_them() {
    let (nas, secret) = router(1, AT);
    let pair = PortPair::of_auth(20_000);
    let registry = registry(vec![(Nas { port_pair: pair, ..nas }, secret), router(2, AT)]);
    let address = "192.0.2.1".parse().expect("good");
    let ids = |pair| {
        let networks = registry.networks(address, pair);
        networks
            .flat_map(|n| n.likeliest_first(Names::default(), None))
            .map(|k| k.nas.id.bytes()[0])
            .collect::<Vec<_>>()
    };

    assert_eq!((ids(None), ids(pair), ids(PortPair::of_auth(20_002))), (vec![2], vec![1], vec![]));
}

#[test]
fn names_and_the_last_proof_come_first_and_nobody_comes_twice() {
    let mut routers: Vec<_> = (1..=5).map(|id| router(id, AT)).collect();
    routers.push(named(6, AT, Some("tower"), Some("savanna")));
    routers.push(named(7, AT, Some("mast"), Some("savanna")));
    let registry = registry(routers);
    let mark = registry.by_id(NasId::from_bytes([4; 16])).map(|known| known.mark);
    let names = Names { identifier: Some(b"tower"), realm: Some(b"savanna") };

    let order: Vec<u8> = network(&registry).likeliest_first(names, mark).map(|known| known.nas.id.bytes()[0]).collect();

    assert_eq!(order, [6, 7, 4, 1, 2, 3, 5]);
}

#[test]
fn a_name_tells_apart_when_it_fits_one_alone() {
    let registry = registry(vec![
        named(1, AT, Some("MikroTik"), Some("savanna")),
        named(2, AT, Some("MikroTik"), Some("rift")),
        named(3, AT, Some("mast"), None),
    ]);
    let by = |identifier: Option<&str>, realm: Option<&str>| {
        let names = Names { identifier: identifier.map(str::as_bytes), realm: realm.map(str::as_bytes) };
        network(&registry).named(names).map(|known| known.nas.id.bytes()[0])
    };

    assert_eq!(by(Some("mast"), None), Some(3));
    assert_eq!(by(Some("MikroTik"), None), None, "two have it");
    assert_eq!(by(Some("MikroTik"), Some("rift")), Some(2));
    assert_eq!(by(Some("renamed"), Some("savanna")), Some(1));
    assert_eq!(by(None, None), None);
}

#[test]
fn one_secret_for_two_routers_proves_neither_without_a_name() {
    let same = |(nas, _): (Nas, SecretBytes)| (nas, SecretBytes::new(b"testing123".to_vec()));
    let registry =
        registry(vec![same(named(1, AT, Some("tower"), None)), same(named(2, AT, Some("mast"), None)), router(3, AT)]);
    let network = network(&registry);
    let meant = |proved: u8, identifier: &str| {
        let proved = registry.by_id(NasId::from_bytes([proved; 16])).expect("known");
        let names = Names { identifier: Some(identifier.as_bytes()), realm: None };
        network.meant(proved, names).map(|known| known.nas.id.bytes()[0])
    };

    assert_eq!(meant(1, "mast"), Some(2), "the first that proved is not the one that was meant");
    assert_eq!(meant(1, "renamed"), None);
    assert_eq!(meant(3, "renamed"), Some(3), "its secret is its own");
}

#[test]
fn what_was_seen_of_a_router_outlives_a_change_of_the_registry() {
    let before = registry(vec![router(1, AT)]);
    let after = Registry::of(vec![router(1, "10.0.0.0/8"), router(2, AT)], &before);
    let id = NasId::from_bytes([1; 16]);

    assert!(Arc::ptr_eq(&before.by_id(id).expect("known").state, &after.by_id(id).expect("known").state));
}
