//! Any octets: parse, walk every attribute, look for every proof, check every signature, answer.
//!
//! What must hold beyond not panicking: a packet covers its octets exactly, and what we write as an answer parses and
//! is signed rightly.
#![no_main]

use std::net::SocketAddr;
use std::sync::LazyLock;

use dictionaries::{Attribute, kind};
use libfuzzer_sys::fuzz_target;
use radius::dedup::{Dedup, Limits, Verdict};
use radius::mschap::NtHash;
use radius::proof::Proven;
use radius::{Code, HEADER_LENGTH, PACKET_MAX, Packet, Proof, Secret, Writer, authenticator, message_authenticator};

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(b"testing123"));

fuzz_target!(|datagram: &[u8]| {
    let Ok(packet) = Packet::parse(datagram) else { return };
    walk(&packet);
    prove(&packet);
    answer(&packet);
    remember(&packet);
});

fn walk(packet: &Packet<'_>) {
    let mut end = HEADER_LENGTH;
    for attribute in packet.attributes() {
        assert_eq!(attribute.offset, end);
        end += attribute.value.len() + 2;
    }
    assert_eq!(end, packet.as_bytes().len());
    for one in packet.attributes().take(64) {
        let asked = packet.raw(Attribute::<kind::Octets>::new(0, one.number, "any"));
        let walked = packet.attributes().filter(|other| other.number == one.number).map(|other| other.value);
        assert!(asked.eq(walked), "{}", one.number);
    }
    for attribute in packet.vendor_attributes() {
        assert!(attribute.value.len() <= 247);
    }
    let _ = authenticator::verify_request(packet, &SECRET);
    let _ = message_authenticator::verify_request(packet, &SECRET);
    let _ = authenticator::verify_reply(packet, &[0; 16], &SECRET);
    let _ = message_authenticator::verify_reply(packet, &[0; 16], &SECRET);
}

fn prove(packet: &Packet<'_>) {
    let proof = Proof::of(packet, &SECRET);
    let _ = (proof.name(), proof.speaks_of_a_wrong_secret());
    let _ = proof.prove_by_nt_hash(&NtHash::of("password"));
    if let Some(Proven::ByMsChapV2(proven)) = proof.prove(b"clientPass") {
        let _ = (proven.success(), proven.keys());
    }
}

fn answer(request: &Packet<'_>) {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply(&mut buffer, Code::AccessAccept, request);
    for attribute in request.attributes() {
        let _ = writer.put_raw(attribute.number, attribute.value);
    }
    let reply = Packet::parse(writer.finish(&SECRET)).expect("what we write, we read");
    let verdict = message_authenticator::verify_reply(&reply, request.authenticator(), &SECRET);
    assert_eq!(verdict, message_authenticator::Verdict::Valid);
    assert!(authenticator::verify_reply(&reply, request.authenticator(), &SECRET));
}

fn remember(request: &Packet<'_>) {
    let mut dedup = Dedup::new(Limits { capacity: 2, octets: 0, life_ms: 10_000 }, 7);
    let source = SocketAddr::from(([10, 0, 0, 1], 1));
    let Verdict::New(ticket) = dedup.see(source, request, 0) else { panic!("nothing was seen before") };
    assert!(dedup.answer(ticket, b"reply"));
    assert_eq!(dedup.see(source, request, 1), Verdict::Replay(b"reply"));
}
