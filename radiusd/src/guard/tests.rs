use domain::access::attempt::{AskedService, Attempt, Device, Method};
use domain::id::{NasId, TenantId};
use domain::mac::Mac;
use domain::network::nas::{Nas, Signing, Vendor};
use domain::secret::SecretBytes;

use super::*;
use crate::directory::registry::Registry;

const NOW: u64 = 1_000_000;

fn router(id: u8, tenant: u8) -> (Nas, SecretBytes) {
    let nas = Nas {
        id: NasId::from_bytes([id; 16]),
        tenant: TenantId::from_bytes([tenant; 16]),
        name: format!("r{id}").parse().expect("good"),
        address: [192, 0, 2, id]
            .map(|octet| octet.to_string())
            .join(".")
            .parse::<std::net::IpAddr>()
            .expect("good")
            .into(),
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3_799,
        signing: Signing::default(),
    };
    (nas, SecretBytes::new(b"testing123".to_vec()))
}

/// Routers 1 and 2 of one tenant, 3 of another.
struct Scene {
    guard: Guard,
    registry: Registry,
}

impl Scene {
    fn open() -> Self {
        let routers = vec![router(1, 1), router(2, 1), router(3, 2)];
        let guard = Guard::new(Limits::default(), 1_024, 7);
        Self { guard, registry: Registry::of(routers, &Registry::default()) }
    }

    fn nas(&self, id: u8) -> &Arc<KnownNas> {
        self.registry.by_id(NasId::from_bytes([id; 16])).expect("known")
    }

    /// Whether a device behind router 1 may try a name; the attempt ends so when it may.
    fn tries(&self, device: u8, name: &str, tried: Tried, now_ms: u64) -> bool {
        let attempt = attempt(Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, device])), name);
        let may = self.guard.before(self.nas(1), &attempt, now_ms).is_ok();
        if may {
            self.guard.after(self.nas(1), &attempt, tried, now_ms);
        }
        may
    }

    fn looked_up(&self, nas: u8, count: usize) -> Vec<LookUp> {
        (0..count).filter_map(|_| self.guard.look_up(self.nas(nas), NOW).ok()).collect()
    }
}

fn attempt(device: Device, name: &str) -> Attempt<'_> {
    Attempt {
        user_name: name.as_bytes(),
        device,
        service: AskedService::Hotspot,
        method: Method::Pap,
        framed_ip: None,
        called_station: None,
        nas_port_id: None,
        nas_identifier: None,
    }
}

#[test]
fn a_device_that_guesses_ten_codes_waits_and_its_neighbour_does_not() {
    let scene = Scene::open();

    let guesses = (0..30).filter(|guess| scene.tries(1, &format!("code{guess}"), Tried::Failed, NOW)).count();

    assert_eq!(guesses, 10);
    assert!(scene.tries(2, "Sunrise77", Tried::Accepted, NOW), "a neighbour");
    assert!(!scene.tries(1, "another", Tried::Failed, NOW + 5_000) && scene.tries(1, "x", Tried::Failed, NOW + 6_000));
    assert!((0..10).all(|_| scene.tries(1, "x", Tried::Failed, NOW + 120_000)), "after a while it may again");
}

#[test]
fn who_was_accepted_with_a_name_gets_in_while_another_guesses_with_its_address() {
    let scene = Scene::open();
    assert!(scene.tries(1, "house-12", Tried::Accepted, NOW));
    for guess in 0..30 {
        scene.tries(1, &format!("code{guess}"), Tried::Failed, NOW);
    }

    assert!(scene.tries(1, "house-12", Tried::Accepted, NOW), "its own name");
    assert!(!scene.tries(1, "house-13", Tried::Failed, NOW), "another name");
    assert!(scene.tries(1, "house-12", Tried::Failed, NOW), "once with a wrong password");
    assert!(!scene.tries(1, "house-12", Tried::Failed, NOW), "the name is no way around any more");
}

#[test]
fn refusals_of_right_logins_are_no_guesses() {
    let scene = Scene::open();

    assert!((0..100).all(|_| scene.tries(1, "expired", Tried::Other, NOW)));
}

#[test]
fn where_many_devices_guess_each_gets_fewer_tries_and_who_types_right_notices_nothing() {
    let scene = Scene::open();
    for device in 10..24 {
        for guess in 0..9 {
            scene.tries(device, &format!("code{guess}"), Tried::Failed, NOW);
        }
    }

    let guesses = (0..10).filter(|guess| scene.tries(1, &format!("code{guess}"), Tried::Failed, NOW)).count();
    assert_eq!(guesses, 2);
    assert!((100..200).all(|device| scene.tries(device, "Sunrise77", Tried::Accepted, NOW)));
}

#[test]
fn a_request_without_a_device_answers_for_its_name_alone() {
    let scene = Scene::open();
    let tries = |name: &str| {
        let attempt = attempt(Device::Unnamed, name);
        let may = scene.guard.before(scene.nas(1), &attempt, NOW).is_ok();
        scene.guard.after(scene.nas(1), &attempt, Tried::Failed, NOW);
        may
    };
    for _ in 0..30 {
        tries("house-1");
    }

    assert!(!tries("house-1") && tries("house-2"));
}

#[test]
fn one_router_leaves_places_for_others_and_a_tenant_for_other_tenants() {
    let scene = Scene::open();
    // Names that are found take no tokens for good, but as long as they wait: ask for few enough of them.
    let limits = Limits { unknown_per_second_nas: 1_000, unknown_per_second_tenant: 1_000, ..Limits::default() };
    let scene = Scene { guard: Guard::new(limits, 1_024, 7), ..scene };

    let greedy = scene.looked_up(1, 2_000);
    let neighbour = scene.looked_up(2, 2_000);
    let other_tenant = scene.looked_up(3, 2_000);

    assert!((300..=342).contains(&greedy.len()), "a third: {}", greedy.len());
    assert!((100..=200).contains(&neighbour.len()), "the same tenant's other router: {}", neighbour.len());
    assert!(other_tenant.len() >= 150, "another tenant: {}", other_tenant.len());
    assert_eq!(scene.guard.look_up(scene.nas(1), NOW).err(), Some(NotNow::OverShare));
    drop(greedy);
    assert!(scene.guard.look_up(scene.nas(1), NOW).is_ok(), "places are given back");
}

#[test]
fn a_flood_of_unknown_names_takes_no_look_ups_from_others() {
    let scene = Scene::open();
    let mut in_vain = 0;
    for _ in 0..10_000 {
        if let Ok(place) = scene.guard.look_up(scene.nas(1), NOW) {
            place.was_in_vain();
            in_vain += 1;
        }
    }

    assert_eq!(in_vain, 100, "five seconds' worth at once");
    assert_eq!(scene.guard.look_up(scene.nas(1), NOW).err(), Some(NotNow::TooManyUnknown));
    for nas in [2, 3] {
        assert!((0..1_000).all(|_| scene.guard.look_up(scene.nas(nas), NOW).is_ok()), "names that are found are free");
    }
    assert!(scene.guard.look_up(scene.nas(1), NOW + 50).is_ok(), "twenty a second");
}

#[test]
fn status_servers_are_limited_by_source_and_together() {
    let scene = Scene::open();
    let from = |last: u16| IpAddr::from([10, 0, (last >> 8) as u8, (last & 255) as u8]);

    assert_eq!((0..1_000).filter(|_| scene.guard.answers_status(from(1), NOW)).count(), 25);
    assert_eq!(
        (0..1_000).filter(|last| scene.guard.answers_status(from(*last), NOW)).count(),
        475,
        "500 at once in all"
    );
    assert!(scene.guard.answers_status(from(1), NOW + 1_000));
}

#[test]
fn when_a_node_is_behind_only_who_takes_more_than_a_share_is_left_out() {
    let scene = Scene::open();
    let sheds = |nas: u8, kind| scene.guard.sheds(Pressure::ThreeQuarters, kind, scene.nas(nas), NOW);

    // Router 1 asks nine times for each time that 3 does.
    let (mut flooder, mut neighbour) = (0, 0);
    for _ in 0..100 {
        flooder += (0..9).filter(|_| sheds(1, Kind::Login)).count();
        neighbour += usize::from(sheds(3, Kind::Login));
    }

    assert!(flooder > 800, "{flooder} of 900");
    assert!(neighbour <= 1, "{neighbour} of 100");
    assert!(sheds(3, Kind::Status) && sheds(3, Kind::Repeated) && sheds(3, Kind::Unknown) && !sheds(1, Kind::Report));
    assert!(!scene.guard.sheds(Pressure::None, Kind::Status, scene.nas(1), NOW));
}

#[test]
fn a_lone_router_is_never_over_its_share() {
    let scene = Scene::open();

    assert!((0..1_000).all(|_| !scene.guard.sheds(Pressure::ThreeQuarters, Kind::Login, scene.nas(1), NOW)));
}
