use std::net::Ipv4Addr;

use dictionaries::kind;
use domain::access::attempt::AskedService;
use domain::mac::Mac;
use proptest::prelude::*;
use radius::{PACKET_MAX, Place, Secret, WriteError, Writer};

use super::*;

/// A request with what `write` puts into it, read with `look`.
fn request<T>(
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    look: impl FnOnce(Result<Attempt<'_>, AttemptError>) -> T,
) -> T {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 1, &[7; 16], Place::Absent);
    write(&mut writer).unwrap();
    let packet = Packet::parse(writer.finish(&Secret::new(b"testing123"))).unwrap();
    look(attempt(&packet))
}

/// What RouterOS sends when somebody logs in at a hotspot, in its order.
fn hotspot(writer: &mut Writer<'_>) -> Result<(), WriteError> {
    writer.put(rfc2865::NAS_PORT_TYPE, rfc2865::nas_port_type::WIRELESS_802_11)?;
    writer.put(rfc2865::CALLING_STATION_ID, "aa-bb-cc-01-02-03")?;
    writer.put(rfc2865::CALLED_STATION_ID, "hotspot1")?;
    writer.put(rfc2869::NAS_PORT_ID, "bridge")?;
    writer.put(rfc2865::USER_NAME, "K7Q2M")?;
    writer.put(rfc2865::FRAMED_IP_ADDRESS, Ipv4Addr::new(10, 5, 88, 2))?;
    writer.put(mikrotik::HOST_IP, Ipv4Addr::new(10, 5, 88, 2))?;
    writer.put(rfc2865::CHAP_CHALLENGE, &[1; 16])?;
    writer.put(rfc2865::CHAP_PASSWORD, &[2; 17])?;
    writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::LOGIN_USER)?;
    writer.put(rfc2865::NAS_IDENTIFIER, "MikroTik")?;
    writer.put(rfc2865::NAS_IP_ADDRESS, Ipv4Addr::new(192, 0, 2, 1))
}

/// The same of PPPoE, without a proof.
fn pppoe(writer: &mut Writer<'_>) -> Result<(), WriteError> {
    writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER)?;
    writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)?;
    writer.put(rfc2865::CALLING_STATION_ID, "AA:BB:CC:01:02:03")?;
    writer.put(rfc2865::CALLED_STATION_ID, "service1")?;
    writer.put(rfc2865::USER_NAME, "house-12")
}

fn method(write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>) -> Method {
    request(
        |writer| {
            pppoe(writer)?;
            write(writer)
        },
        |attempt| attempt.unwrap().method,
    )
}

fn service(write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>) -> AskedService {
    request(
        |writer| {
            writer.put(rfc2865::USER_NAME, "bob")?;
            write(writer)
        },
        |attempt| attempt.unwrap().service,
    )
}

#[test]
fn a_hotspot_login_is_read_whole() {
    request(hotspot, |attempt| {
        let attempt = attempt.unwrap();
        assert_eq!(attempt.user_name, b"K7Q2M");
        assert_eq!(attempt.device, Device::Mac(Mac::from_octets([0xaa, 0xbb, 0xcc, 1, 2, 3])));
        assert_eq!((attempt.service, attempt.method), (AskedService::Hotspot, Method::Chap));
        assert_eq!(attempt.framed_ip, Some(Ipv4Addr::new(10, 5, 88, 2)));
        assert_eq!(attempt.called_station, Some(&b"hotspot1"[..]));
        assert_eq!(attempt.nas_port_id, Some(&b"bridge"[..]));
        assert_eq!(attempt.nas_identifier, Some(&b"MikroTik"[..]));
    });
}

#[test]
fn ppp_says_so_and_what_does_not_say_is_unsaid() {
    assert_eq!(request(pppoe, |attempt| attempt.unwrap().service), AskedService::Ppp);
    assert_eq!(service(|_| Ok(())), AskedService::Unsaid);
    assert_eq!(
        service(|writer| {
            writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::LOGIN_USER)?;
            writer.put(rfc2865::NAS_PORT_TYPE, rfc2865::nas_port_type::WIRELESS_802_11)?;
            writer.put(rfc2865::CALLED_STATION_ID, "AA-BB-CC-01-02-03:cafe")
        }),
        AskedService::Unsaid
    );
    assert_eq!(
        service(|writer| {
            writer.put(rfc2865::CALLED_STATION_ID, "hotspot1")?;
            writer.put(mikrotik::HOST_IP, Ipv4Addr::LOCALHOST)
        }),
        AskedService::Unsaid
    );
}

#[test]
fn the_method_is_the_one_proof_that_is_shown() {
    assert_eq!(method(|writer| writer.put_octets(rfc2865::USER_PASSWORD, &[0; 16])), Method::Pap);
    assert_eq!(method(|writer| writer.put(rfc2865::CHAP_PASSWORD, &[0; 17])), Method::Chap);
    assert_eq!(method(|writer| writer.put(microsoft::MS_CHAP_RESPONSE, &[1; 50])), Method::MsChapV1);
    assert_eq!(method(|writer| writer.put(microsoft::MS_CHAP2_RESPONSE, &[0; 50])), Method::MsChapV2);
}

#[test]
fn no_proof_two_proofs_eap_and_lan_manager_alone_are_nothing() {
    assert_eq!(method(|_| Ok(())), Method::Nothing);
    assert_eq!(
        method(|writer| {
            writer.put_octets(rfc2865::USER_PASSWORD, &[0; 16])?;
            writer.put(rfc2865::CHAP_PASSWORD, &[0; 17])
        }),
        Method::Nothing
    );
    assert_eq!(
        method(|writer| {
            writer.put(rfc2865::CHAP_PASSWORD, &[0; 17])?;
            writer.put(rfc2865::CHAP_PASSWORD, &[0; 17])
        }),
        Method::Nothing
    );
    assert_eq!(method(|writer| writer.put(rfc2869::EAP_MESSAGE, &[2, 1, 0, 4])), Method::Nothing);
    assert_eq!(method(|writer| writer.put(microsoft::MS_CHAP_RESPONSE, &[0; 50])), Method::Nothing);
}

#[test]
fn what_a_browser_adds_a_second_time_is_injected() {
    fn twice<T: Copy>(attribute: Attribute<T>, octets: &[u8]) -> Result<(), AttemptError> {
        request(
            |writer| {
                writer.put(rfc2865::USER_NAME, "bob")?;
                writer.put_octets(attribute, octets)?;
                writer.put_octets(attribute, octets)
            },
            |attempt| attempt.map(drop),
        )
    }

    for (found, attribute) in [
        (twice::<kind::Text>(rfc2865::NAS_IDENTIFIER, b"x"), "NAS-Identifier"),
        (twice(rfc2865::CALLING_STATION_ID, b"x"), "Calling-Station-Id"),
        (twice(rfc2865::CALLED_STATION_ID, b"x"), "Called-Station-Id"),
        (twice(rfc2865::USER_NAME, b"x"), "User-Name"),
        (twice(rfc2865::FRAMED_IP_ADDRESS, &[10, 0, 0, 1]), "Framed-IP-Address"),
        (twice(mikrotik::REALM, b"x"), "Mikrotik-Realm"),
        (twice(wispr::LOCATION_ID, b"x"), "WISPr-Location-Id"),
        (twice(wispr::LOCATION_NAME, b"x"), "WISPr-Location-Name"),
        (twice(rfc2865::SERVICE_TYPE, &[0, 0]), "Service-Type"),
    ] {
        assert_eq!(found, Err(AttemptError::Injected { attribute }));
    }
    assert_eq!(twice(rfc2865::PROXY_STATE, b"x"), Ok(()));
}

#[test]
fn two_in_one_vendor_specific_are_two() {
    let inside = [&[0, 0, 0x3a, 0x8c, 9, 3, b'a'][..], &[9, 3, b'b']].concat();

    let found = request(
        |writer| {
            writer.put(rfc2865::USER_NAME, "bob")?;
            writer.put_raw(26, &inside)
        },
        |attempt| attempt.map(drop),
    );

    assert_eq!(found, Err(AttemptError::Injected { attribute: "Mikrotik-Realm" }));
}

#[test]
fn a_browser_cannot_turn_a_hotspot_into_ppp() {
    let found = request(
        |writer| {
            hotspot(writer)?;
            writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)
        },
        |attempt| attempt.map(drop),
    );

    assert_eq!(found, Err(AttemptError::Injected { attribute: "Framed-Protocol" }));
}

#[test]
fn a_request_without_a_name_is_none_and_an_empty_name_is_one() {
    assert_eq!(request(|_| Ok(()), |attempt| attempt.map(drop)), Err(AttemptError::NoUserName));
    request(|writer| writer.put(rfc2865::USER_NAME, ""), |attempt| assert_eq!(attempt.unwrap().user_name, b""));
}

#[test]
fn a_request_from_the_wire_is_read() {
    let wire = "010a0090000102030405060708090a0b0c0d0e0f060600000002070600000001010655736572\
        1a18000001370b125b5d7c7d7b3f2f3e3c2c602132262628\
        1a3a0000013719342a0021402324255e262a28295f2b3a337c7e0000000000000000\
        82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df04060a000001501206fb2e76db54a2a804341f64e6ace522";
    let bytes = hex::decode(wire).unwrap();

    let packet = Packet::parse(&bytes).unwrap();
    let attempt = attempt(&packet).unwrap();

    assert_eq!(
        (attempt.user_name, attempt.service, attempt.method),
        (&b"User"[..], AskedService::Ppp, Method::MsChapV2)
    );
    assert_eq!(attempt.device, Device::Unnamed);
}

proptest! {
    #[test]
    fn no_packet_is_a_panic(attributes in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..20)) {
        request(
            |writer| {
                for (number, value) in attributes.iter().filter(|(number, _)| *number != 80) {
                    writer.put_raw(*number, value)?;
                }
                Ok(())
            },
            |attempt| drop(attempt),
        );
    }
}
