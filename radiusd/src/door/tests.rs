use std::net::SocketAddr;

use dictionaries::{mikrotik, rfc2865, rfc2866};
use domain::id::{NasId, TenantId};
use domain::network::nas::{Nas, Signing, SigningRule, Vendor};
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use radius::{PACKET_MAX, Place, Secret, Writer};

use super::*;
use crate::guard::{Guard, Limits};
use crate::listen::datagram::Path;

const SHARED: &str = "192.0.2.1/32";
const LOGINS: Entrance = Entrance { port: Port::Auth, pair: None };
const REPORTS: Entrance = Entrance { port: Port::Acct, pair: None };

fn router(id: u8, address: &str) -> Nas {
    Nas {
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
    }
}

struct Scene {
    guard: Guard,
    registry: Registry,
}

impl Scene {
    /// Each router with its own secret: `secret of ID`.
    fn of(routers: Vec<Nas>) -> Self {
        Self::with_secrets(routers.into_iter().map(|nas| (format!("secret of {}", nas.id.bytes()[0]), nas)).collect())
    }

    fn with_secrets(routers: Vec<(String, Nas)>) -> Self {
        let routers = routers.into_iter().map(|(secret, nas)| (nas, SecretBytes::new(secret.into_bytes()))).collect();
        let registry = Registry::of(routers, &Registry::default());
        Self { guard: Guard::new(Limits::default(), 1_024, 7), registry }
    }

    fn opens_at(&self, bytes: &[u8], from: &str, entrance: Entrance, now_ms: u64) -> Result<u8, Dropped> {
        let peer: SocketAddr = format!("{from}:40000").parse().expect("good");
        let datagram = Datagram { bytes, path: Path::of(peer), truncated: false };
        open(&self.registry, &self.guard.proofs, &datagram, entrance, now_ms)
            .map(|verified| verified.nas.nas.id.bytes()[0])
            .map_err(|turned| turned.why)
    }

    fn opens(&self, bytes: &[u8], from: &str) -> Result<u8, Dropped> {
        self.opens_at(bytes, from, LOGINS, 1)
    }
}

/// A login of PPP by `user`, signed with a secret or not at all.
fn login(signed: Option<&str>, user: &str, fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    let place = if signed.is_some() { Place::Last } else { Place::Absent };
    let mut writer = Writer::access_request(&mut buffer, 1, &[9; 16], place);
    writer.put(rfc2865::USER_NAME, user).expect("room");
    fill(&mut writer);
    writer.finish(&Secret::new(signed.unwrap_or_default().as_bytes())).to_vec()
}

fn signed(secret: &str) -> Vec<u8> {
    login(Some(secret), "anna", |_| {})
}

fn unsigned() -> Vec<u8> {
    login(None, "anna", |_| {})
}

fn ppp(writer: &mut Writer<'_>) {
    writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER).expect("room");
    writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP).expect("room");
}

fn realm(realm: &str) -> impl FnOnce(&mut Writer<'_>) {
    move |writer| writer.put(mikrotik::REALM, realm).expect("room")
}

fn report(secret: &str, fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::accounting_request(&mut buffer, 1, Place::Absent);
    writer.put(rfc2866::ACCT_STATUS_TYPE, 1).expect("room");
    fill(&mut writer);
    writer.finish(&Secret::new(secret.as_bytes())).to_vec()
}

#[test]
fn one_tenants_address_inside_anothers_network_silences_neither() {
    let scene = Scene::of(vec![router(1, "10.0.0.0/8"), router(2, "10.1.2.3/32")]);

    assert_eq!(scene.opens(&signed("secret of 2"), "10.1.2.3"), Ok(2));
    assert_eq!(scene.opens(&signed("secret of 1"), "10.1.2.3"), Ok(1), "its proof speaks for it");
    assert_eq!(scene.opens_at(&report("secret of 1", |_| {}), "10.1.2.3", REPORTS, 1), Ok(1));
    assert_eq!(scene.opens(&signed("secret of 9"), "10.1.2.3"), Err(Dropped::BadMessageAuthenticator));
    assert_eq!(scene.opens(&unsigned(), "10.1.2.3"), Ok(2), "without a proof, the longest network alone");
    assert_eq!(scene.opens(&unsigned(), "10.9.9.9"), Err(Dropped::UnsignedWide));
    assert_eq!(scene.opens(&unsigned(), "192.0.2.9"), Err(Dropped::UnknownNas));
}

#[test]
fn no_more_than_sixteen_secrets_are_tried() {
    let scene = Scene::of((1..=20).map(|id| router(id, SHARED)).collect());

    assert_eq!(scene.opens(&signed("secret of 16"), "192.0.2.1"), Ok(16));
    assert_eq!(scene.opens(&signed("secret of 17"), "192.0.2.1"), Err(Dropped::BadMessageAuthenticator));
    let named =
        Scene::of((1..=20).map(|id| Nas { identifier: Some(format!("r{id}")), ..router(id, SHARED) }).collect());
    let by_name = login(Some("secret of 17"), "anna", |writer| {
        writer.put(rfc2865::NAS_IDENTIFIER, "r17").expect("room");
    });
    assert_eq!(named.opens(&by_name, "192.0.2.1"), Ok(17), "a name says whose secret to try first");
}

#[test]
fn unsigned_logins_from_a_shared_address_are_told_apart_by_a_name_that_the_router_alone_can_say() {
    let scene = Scene::of(vec![
        Nas { identifier: Some("tower".into()), realm: Some("savanna".into()), ..router(1, SHARED) },
        Nas { identifier: Some("mast".into()), realm: Some("rift".into()), ..router(2, SHARED) },
    ]);
    let from = |user: &str, fill: &dyn Fn(&mut Writer<'_>)| scene.opens(&login(None, user, fill), "192.0.2.1");
    let named = |name: &'static str| {
        move |writer: &mut Writer<'_>| {
            writer.put(rfc2865::NAS_IDENTIFIER, name).expect("room");
        }
    };

    assert_eq!(from("anna", &named("mast")), Ok(2));
    assert_eq!(from("anna", &|_| {}), Err(Dropped::AmbiguousNas));
    let twice = |writer: &mut Writer<'_>| {
        named("tower")(writer);
        named("mast")(writer);
    };
    assert_eq!(from("anna", &twice), Err(Dropped::AmbiguousNas), "a browser added one");
}

#[test]
fn a_realm_counts_where_no_subscriber_can_have_said_it() {
    let scene = Scene::of(vec![
        Nas { realm: Some("savanna".into()), ..router(1, SHARED) },
        Nas { realm: Some("rift".into()), ..router(2, SHARED) },
    ]);
    let ppp_login = |user: &str| {
        login(None, user, |writer| {
            ppp(writer);
            realm("rift")(writer);
        })
    };
    let hotspot_login = login(None, "anna", realm("rift"));
    let pretending = login(None, "anna", |writer| {
        ppp(writer);
        realm("rift")(writer);
        writer.put(mikrotik::HOST_IP, std::net::Ipv4Addr::new(10, 5, 50, 2)).expect("room");
    });

    assert_eq!(scene.opens(&ppp_login("anna"), "192.0.2.1"), Ok(2));
    assert_eq!(scene.opens(&ppp_login("anna@isp"), "192.0.2.1"), Ok(2));
    for user in ["rift\\anna", "anna@rift", "RIFT\\anna"] {
        assert_eq!(scene.opens(&ppp_login(user), "192.0.2.1"), Err(Dropped::AmbiguousNas), "{user}");
    }
    assert_eq!(scene.opens(&hotspot_login, "192.0.2.1"), Err(Dropped::AmbiguousNas), "a browser may add it");
    assert_eq!(scene.opens(&pretending, "192.0.2.1"), Err(Dropped::AmbiguousNas), "a hotspot that says PPP");
}

#[test]
fn reports_of_routers_with_one_secret_are_told_apart_by_name_or_not_at_all() {
    let same = |id, name: &str| ("testing123".to_owned(), Nas { realm: Some(name.to_owned()), ..router(id, SHARED) });
    let scene = Scene::with_secrets(vec![same(1, "savanna"), same(2, "rift")]);
    let opens = |bytes: &[u8]| scene.opens_at(bytes, "192.0.2.1", REPORTS, 1);

    assert_eq!(opens(&report("testing123", realm("rift"))), Ok(2));
    assert_eq!(opens(&report("testing123", realm("savanna"))), Ok(1));
    assert_eq!(opens(&report("testing123", |_| {})), Err(Dropped::AmbiguousNas));
}

#[test]
fn a_pair_of_ports_belongs_to_its_routers() {
    let pair = PortPair::of_auth(20_000);
    let scene = Scene::of(vec![router(1, SHARED), Nas { port_pair: pair, ..router(2, SHARED) }]);
    let opens = |pair| scene.opens_at(&unsigned(), "192.0.2.1", Entrance { port: Port::Auth, pair }, 1);

    assert_eq!((opens(None), opens(pair)), (Ok(1), Ok(2)));
    assert_eq!(opens(PortPair::of_auth(20_002)), Err(Dropped::UnknownNas));
}

#[test]
fn a_router_that_must_sign_is_not_believed_without() {
    let rule = |rule, raised| Signing { rule, raised_at: raised };
    let at = |id, signing| Scene::of(vec![Nas { signing, ..router(id, SHARED) }]).opens(&unsigned(), "192.0.2.1");

    assert_eq!(at(1, rule(SigningRule::Observe, None)), Ok(1));
    assert_eq!(at(1, rule(SigningRule::Require, None)), Err(Dropped::UnsignedRequired));
    assert_eq!(at(1, rule(SigningRule::Observe, Some(Timestamp::from_seconds(1)))), Err(Dropped::UnsignedRequired));
    assert_eq!(at(1, rule(SigningRule::Allow, Some(Timestamp::from_seconds(1)))), Ok(1));
    let wide = Scene::of(vec![Nas { signing: rule(SigningRule::Allow, None), ..router(1, "10.0.0.0/8") }]);
    assert_eq!(wide.opens(&unsigned(), "10.1.2.3"), Ok(1), "somebody chose that risk");
}

#[test]
fn proxy_state_needs_a_signature_whatever_the_operator_allows() {
    let signing = Signing { rule: SigningRule::Allow, raised_at: None };
    let scene = Scene::of(vec![Nas { signing, ..router(1, SHARED) }]);
    let proxied = |secret| {
        login(secret, "anna", |writer| {
            writer.put_octets(rfc2865::PROXY_STATE, b"state").expect("room");
        })
    };

    assert_eq!(scene.opens(&proxied(None), "192.0.2.1"), Err(Dropped::UnsignedProxyState));
    assert_eq!(scene.opens(&proxied(Some("secret of 1")), "192.0.2.1"), Ok(1));
}

#[test]
fn a_router_of_any_address_is_found_by_its_proof() {
    let scene = Scene::of(vec![router(1, "0.0.0.0/0"), router(2, "0.0.0.0/0")]);

    assert_eq!(scene.opens(&signed("secret of 2"), "203.0.113.5"), Ok(2));
    assert_eq!(scene.opens(&unsigned(), "203.0.113.5"), Err(Dropped::AmbiguousNas));
    assert_eq!(scene.opens_at(&report("secret of 1", |_| {}), "198.51.100.7", REPORTS, 1), Ok(1));
}

#[test]
fn a_forger_is_soon_not_worth_many_hashes_and_the_router_in_its_place_is_still_answered() {
    let scene = Scene::of(vec![router(1, "0.0.0.0/0"), router(2, "0.0.0.0/0"), router(3, "198.51.100.7/32")]);
    assert_eq!(scene.opens(&signed("secret of 2"), "203.0.113.5"), Ok(2));
    for _ in 0..60 {
        assert_eq!(scene.opens(&signed("a guess"), "203.0.113.5"), Err(Dropped::BadMessageAuthenticator));
    }

    assert_eq!(scene.opens(&signed("a guess"), "203.0.113.5"), Err(Dropped::Tired));
    assert_eq!(scene.opens(&signed("secret of 2"), "203.0.113.5"), Ok(2), "the router that was there before");
    assert_eq!(scene.opens(&signed("secret of 1"), "203.0.113.5"), Err(Dropped::Tired), "a new one waits");
    assert_eq!(
        scene.opens_at(&signed("secret of 1"), "203.0.113.5", LOGINS, 1_001),
        Ok(1),
        "and is let in after a second"
    );
    assert_eq!(scene.opens(&signed("secret of 1"), "203.0.113.6"), Ok(1), "from elsewhere at once");
    for _ in 0..100 {
        let _ = scene.opens(&signed("a guess"), "198.51.100.7");
    }
    assert_eq!(scene.opens(&signed("secret of 3"), "198.51.100.7"), Ok(3), "a known address is always worth one hash");
}

#[test]
fn what_a_port_does_not_serve_is_dropped() {
    let scene = Scene::of(vec![router(1, SHARED)]);

    assert_eq!(scene.opens_at(&signed("secret of 1"), "192.0.2.1", REPORTS, 1), Err(Dropped::WrongCode));
    assert_eq!(scene.opens(&report("secret of 1", |_| {}), "192.0.2.1"), Err(Dropped::WrongCode));
    assert_eq!(scene.opens_at(&report("a guess", |_| {}), "192.0.2.1", REPORTS, 1), Err(Dropped::BadAuthenticator));
    assert!(matches!(scene.opens(b"junk", "192.0.2.1"), Err(Dropped::Malformed(_))));
}
