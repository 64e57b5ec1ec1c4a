use radius::{message_authenticator, proof::Proof};

use super::*;

fn facts(service: Service) -> Facts {
    let mac = Mac::from_octets([2, 0, 0, 0, 0, 1]);
    Facts { service, mac, user: "anna".to_owned(), ip: Ipv4Addr::new(10, 5, 0, 2), number: 0x8010_0014 }
}

fn station() -> Arc<Station> {
    Arc::new(Station { name: "tower".to_owned(), nas_ip: Ipv4Addr::new(127, 0, 0, 9) })
}

fn login(service: Service, by: By) -> Login {
    let credentials = Credentials { user: "anna".to_owned(), password: "karibu".to_owned(), by };
    Login { station: station(), facts: facts(service), credentials, nonce: Nonce::thrown(&mut Dice::seeded(1)) }
}

fn numbers(packet: &Packet<'_>) -> Vec<u8> {
    packet.attributes().map(|one| one.number).collect()
}

/// The order of a capture of a real router's hotspot; Mikrotik-Host-IP and WISPr-Logoff-URL are Vendor-Specific (26).
#[test]
fn a_hotspots_request_has_the_order_of_routeros() {
    let (mut buffer, secret) = ([0; PACKET_MAX], Secret::new(b"s"));

    let octets = login(Service::Hotspot, By::Chap).write(&mut buffer, 44, &secret).unwrap();

    let packet = Packet::parse(octets).unwrap();
    assert_eq!(numbers(&packet), [61, 31, 30, 87, 1, 5, 44, 8, 26, 60, 3, 6, 26, 32, 4, 80]);
    assert_eq!(packet.get(rfc2866::ACCT_SESSION_ID).unwrap().as_str(), Some("80100014"));
    assert_eq!(packet.get(rfc2865::NAS_PORT), Some(0x8010_0014));
    assert_eq!(message_authenticator::verify_request(&packet, &secret), message_authenticator::Verdict::Valid);
}

#[test]
fn what_is_proved_is_the_password_in_all_three_ways() {
    let secret = Secret::new(b"s");

    for by in [By::Pap, By::Chap, By::MsChapV2] {
        let mut buffer = [0; PACKET_MAX];
        let packet = Packet::parse(login(Service::Pppoe, by).write(&mut buffer, 1, &secret).unwrap()).unwrap();
        let proof = Proof::of(&packet, &secret);

        assert!(proof.matches(b"karibu") && !proof.matches(b"karibi"), "{by:?}");
    }
}

#[test]
fn counters_have_their_gigawords_and_a_start_has_none() {
    let secret = Secret::new(b"s");
    let report = |status| Report {
        station: station(),
        facts: facts(Service::Hotspot),
        classes: vec![b"ours".to_vec()],
        status,
        moved: Moved::new((5 << 32) + 7, 9),
        seconds: 61,
        clock: 1_000,
    };
    let (mut buffer, mut other) = ([0; PACKET_MAX], [0; PACKET_MAX]);

    let start = Packet::parse(report(Status::Start).write(&mut buffer, 1, &secret).unwrap()).unwrap();
    let stop = Packet::parse(report(Status::Stop(6)).write(&mut other, 1, &secret).unwrap()).unwrap();

    // The order of a capture of a real router, with Class, which that one was not given.
    assert_eq!(numbers(&start), [40, 61, 31, 30, 87, 1, 5, 44, 25, 8, 26, 55, 32, 41, 4]);
    assert_eq!(
        numbers(&stop),
        [40, 49, 61, 31, 30, 87, 1, 5, 44, 25, 8, 26, 55, 42, 43, 52, 53, 47, 48, 46, 32, 41, 4]
    );
    assert_eq!(stop.get(rfc2866::ACCT_INPUT_OCTETS), Some(7));
    assert_eq!(stop.get(rfc2869::ACCT_INPUT_GIGAWORDS), Some(5));
    assert_eq!(stop.get(rfc2869::ACCT_OUTPUT_GIGAWORDS), Some(0));
    assert!(radius::authenticator::verify_request(&stop, &secret));
}
