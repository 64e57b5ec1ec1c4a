//! Any octets as a request that passed the door: what it asks, what it reports, whose it says it is, and the answer.
//!
//! What must hold beyond not panicking: what goes into a log or a database has no controls in it, and a report that is
//! kept in the journal is read from it as it was.
#![no_main]

// The journal's record is the role's own; its two files need nothing else of it.
#[allow(dead_code, unreachable_pub)]
#[path = "../../radiusd/src/journal/frame.rs"]
mod frame;
#[allow(dead_code, unreachable_pub)]
#[path = "../../radiusd/src/journal/record.rs"]
mod record;

use std::sync::LazyLock;

use dictionaries::rfc2865;
use domain::access::attempt::Device;
use domain::network::nas::{Nas, Signing, Vendor};
use domain::people::subscriber::Username;
use domain::sales::voucher::VoucherCode;
use domain::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use nas::usage::Reported;
use radius::proof::Proven;
use radius::{Code, PACKET_MAX, Packet, Proof, Secret, Writer};

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(b"testing123"));

static NAS: LazyLock<Nas> = LazyLock::new(|| Nas {
    id: domain::id::Id::from_bytes([2; 16]),
    tenant: domain::id::Id::from_bytes([1; 16]),
    name: "tower".parse().expect("good"),
    address: "192.0.2.1/32".parse().expect("good"),
    identifier: None,
    realm: None,
    port_pair: None,
    vendor: Vendor::Mikrotik,
    coa_port: 3799,
    signing: Signing::default(),
});

fuzz_target!(|datagram: &[u8]| {
    let Ok(packet) = Packet::parse(datagram) else { return };
    ask(&packet);
    report(&packet);
    answer(&packet);
});

fn ask(packet: &Packet<'_>) {
    let Ok(attempt) = nas::attempt(packet) else { return };
    let name = attempt.user_name;
    let _ = (Username::parse(name), std::str::from_utf8(name).map(str::parse::<VoucherCode>));
    is_tame(&domain::text::escaped(name));
    is_tame(&attempt.device.key());
    assert_eq!(Device::from_key(&attempt.device.key()), attempt.device);
    let proof = Proof::of(packet, &SECRET);
    let _ = proof.speaks_of_a_wrong_secret();
    for password in [&b""[..], b"karibu", name] {
        if let Some(Proven::ByMsChapV2(proven)) = proof.prove(password) {
            let mut buffer = [0; PACKET_MAX];
            let mut writer = Writer::reply(&mut buffer, Code::AccessAccept, packet);
            let _ = proven.put_success(&mut writer);
            let _ = proven.put_keys(&mut writer, [[0x80, 1], [0x80, 2]], &SECRET);
        }
    }
}

fn report(packet: &Packet<'_>) {
    let arrived = Timestamp::from_seconds(1_800_000_000);
    let kept = match nas::usage(packet, &NAS, arrived) {
        Reported::Usage(usage) => {
            is_tame(&usage.user_name);
            is_tame(&usage.acct_session_id);
            assert!(usage.at <= arrived);
            record::Record::Usage(Box::new(usage))
        }
        Reported::Restart(restart) => record::Record::Restart(restart),
        Reported::Ignored(why) => return drop(why.to_string()),
    };
    let payload = record::encode(&kept).expect("whatever a packet says can be kept");
    let mut segment = Vec::new();
    frame::put(&mut segment, record::VERSION, 7, &payload);
    let read = frame::first(&segment).expect("what we write, we read");
    assert_eq!(record::decode(read.version, read.payload), Some(kept));
}

fn answer(packet: &Packet<'_>) {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply(&mut buffer, Code::AccessReject, packet);
    if writer.copy_all(rfc2865::PROXY_STATE, packet).is_ok() {
        let reply = Packet::parse(writer.finish(&SECRET)).expect("what we write, we read");
        assert_eq!(reply.count(rfc2865::PROXY_STATE), packet.count(rfc2865::PROXY_STATE));
    }
}

fn is_tame(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
