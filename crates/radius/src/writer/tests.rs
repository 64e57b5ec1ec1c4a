//! What the writer promises beyond the vectors.

use dictionaries::{Attribute, kind, microsoft, rfc2865, rfc2868, rfc2869};

use super::{Place, WriteError, Writer};
use crate::message_authenticator::{Verdict, verify_reply};
use crate::{Code, PACKET_MAX, Packet, Secret};

fn request<'b>(buffer: &'b mut [u8; PACKET_MAX], place: Place) -> Packet<'b> {
    Packet::parse(Writer::access_request(buffer, 7, &[9; 16], place).finish(&Secret::new(b"s"))).unwrap()
}

#[test]
fn every_reply_to_a_login_begins_with_a_message_authenticator() {
    let (mut buffer, mut reply) = ([0; PACKET_MAX], [0; PACKET_MAX]);
    let (request, secret) = (request(&mut buffer, Place::Absent), Secret::new(b"s"));

    for code in [Code::AccessAccept, Code::AccessReject, Code::AccessChallenge] {
        let mut writer = Writer::reply(&mut reply, code, &request);
        writer.put(rfc2865::REPLY_MESSAGE, "hello").unwrap();
        let reply = Packet::parse(writer.finish(&secret)).unwrap();

        assert_eq!(reply.attributes().next().unwrap().number, 80);
        assert_eq!(verify_reply(&reply, request.authenticator(), &secret), Verdict::Valid);
    }
}

#[test]
fn an_accounting_response_is_signed_only_if_its_request_was() {
    let (mut buffer, mut reply) = ([0; PACKET_MAX], [0; PACKET_MAX]);
    let secret = Secret::new(b"s");

    for (place, expected) in [(Place::Absent, false), (Place::Last, true)] {
        let request = Packet::parse(Writer::accounting_request(&mut buffer, 7, place).finish(&secret)).unwrap();
        let response = Writer::reply(&mut reply, Code::AccountingResponse, &request).finish(&secret);

        assert_eq!(Packet::parse(response).unwrap().has_message_authenticator(), expected);
    }
}

#[test]
fn a_value_that_is_too_long_leaves_no_trace() {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::coa_request(&mut buffer, 7, Place::First);
    let vendor: Attribute<kind::Octets> = Attribute::new(14988, 1, "");

    assert_eq!(writer.put_raw(1, &[0; 254]), Err(WriteError::ValueTooLong));
    assert_eq!(writer.put(vendor, &[0; 248]), Err(WriteError::ValueTooLong));
    assert_eq!(writer.length(), 38);
    assert_eq!(writer.put_raw(1, &[0; 253]), Ok(()));
    assert_eq!(writer.put(vendor, &[0; 247]), Ok(()));
}

#[test]
fn a_full_packet_still_has_room_for_its_signature() {
    for place in [Place::First, Place::Last, Place::Absent] {
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], place);
        while writer.put_raw(1, &[]) == Ok(()) {}

        let bytes = writer.finish(&Secret::new(b"s"));

        assert_eq!(bytes.len(), PACKET_MAX);
        assert!(Packet::parse(bytes).is_ok());
    }
}

#[test]
fn nobody_but_the_writer_puts_a_message_authenticator() {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::coa_request(&mut buffer, 7, Place::Absent);

    assert_eq!(writer.put(rfc2869::MESSAGE_AUTHENTICATOR, &[0; 16]), Err(WriteError::Reserved));
    assert_eq!(writer.put_raw(80, &[0; 16]), Err(WriteError::Reserved));
}

#[test]
fn nothing_can_be_hidden_before_the_authenticator_is_known() {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::accounting_request(&mut buffer, 7, Place::Absent);

    assert_eq!(writer.put_hidden(rfc2865::USER_PASSWORD, b"p", &Secret::new(b"s")), Err(WriteError::NothingToHideWith));
}

#[test]
fn a_key_in_a_reply_is_hidden_with_the_requests_authenticator() {
    let (mut buffer, mut reply) = ([0; PACKET_MAX], [0; PACKET_MAX]);
    let (request, secret) = (request(&mut buffer, Place::First), Secret::new(b"s"));
    let mut writer = Writer::reply(&mut reply, Code::AccessAccept, &request);
    writer.put_salted(microsoft::MS_MPPE_SEND_KEY, None, [1, 2], &[5; 16], &secret).unwrap();
    writer.put_salted(rfc2868::TUNNEL_PASSWORD, Some(3), [1, 3], b"hunter2", &secret).unwrap();

    let reply = Packet::parse(writer.finish(&secret)).unwrap();

    let key = reply.get(microsoft::MS_MPPE_SEND_KEY).unwrap();
    let password = reply.get(rfc2868::TUNNEL_PASSWORD).unwrap();
    assert_eq!(key.reveal(&secret, request.authenticator()).unwrap().as_bytes(), [5; 16]);
    assert_eq!(password.reveal(&secret, request.authenticator()).unwrap().as_bytes(), b"hunter2");
    assert_eq!((key.tag(), password.tag()), (None, Some(3)));
}

#[test]
fn proxy_states_are_echoed_in_order() {
    let (mut buffer, mut reply) = ([0; PACKET_MAX], [0; PACKET_MAX]);
    let secret = Secret::new(b"s");
    let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], Place::First);
    writer.put(rfc2865::PROXY_STATE, b"one").unwrap();
    writer.put(rfc2865::USER_NAME, "alice").unwrap();
    writer.put(rfc2865::PROXY_STATE, b"two").unwrap();
    let request = Packet::parse(writer.finish(&secret)).unwrap();

    let mut writer = Writer::reply(&mut reply, Code::AccessReject, &request);
    writer.copy_all(rfc2865::PROXY_STATE, &request).unwrap();

    let reply = Packet::parse(writer.finish(&secret)).unwrap();
    let states: Vec<_> = reply.all(rfc2865::PROXY_STATE).collect();
    assert_eq!(states, [b"one", b"two"]);
    assert_eq!(reply.count(rfc2865::PROXY_STATE), 2);
}
