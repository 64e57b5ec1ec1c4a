use std::net::Ipv4Addr;

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::grant::Grant;
use domain::access::order::{Parts, Why};
use domain::access::told::Told;
use domain::id::{NasId, PlanId, SessionId, VoucherId};
use domain::rate::{Bps, Bytes, RateLimit};
use domain::sales::plan::DeviceCap;
use radius::Secret;

use super::*;

const SESSION: SessionId = SessionId::from_bytes([1; 16]);
const HOLDER: Holder = Holder::Voucher(VoucherId::from_bytes([2; 16]));

fn order(ask: Ask) -> Order {
    Order {
        session: SESSION,
        holder: HOLDER,
        nas: NasId::from_bytes([3; 16]),
        from: None,
        name: Name {
            user_name: "DemoHour1".to_owned(),
            acct_session_id: Some("80100014".to_owned()),
            framed_ip: Some(Ipv4Addr::new(10, 5, 50, 7)),
            device: Device::Unnamed,
            service: AskedService::Hotspot,
        },
        online_seconds: 600,
        moved: Bytes::new(1_000),
        interim_seconds: 300,
        ask,
        tries: 0,
        was_cut: false,
    }
}

fn change(parts: Parts, edit: impl FnOnce(&mut Grant)) -> Ask {
    let mut grant = Grant {
        session: SESSION,
        holder: HOLDER,
        service: PlanService::Hotspot,
        seconds_left: Some(3_000),
        interim_seconds: 300,
        rate: Some(RateLimit::flat(Bps::new(3_000_000), Bps::new(8_000_000))),
        device_cap: DeviceCap::new(2).expect("good"),
        data_left: Some(Bytes::new(5_000)),
        framed_ip: None,
        pool: None,
        address_list: Some("fast".parse().expect("good")),
    };
    edit(&mut grant);
    Ask::Change(Box::new(Change { grant, parts, told: Told::plainly(PlanId::from_bytes([4; 16]), 2) }))
}

/// The request's attributes by number; those of MikroTik by 1000 and their number.
fn said(vendor: Vendor, order: &Order, from: TimeoutFrom) -> (Code, Vec<(u32, Vec<u8>)>) {
    let mut buffer = [0; PACKET_MAX];
    let writer = request(vendor, order, from, 7, &mut buffer).expect("it fits");
    let packet = Packet::parse(writer.finish(&Secret::new(b"testing123"))).expect("well formed");
    let attributes = packet.attributes().map(|attribute| match attribute.value {
        [0, 0, 0x3A, 0x8C, number, _, value @ ..] if attribute.number == 26 => {
            (1_000 + u32::from(*number), value.to_vec())
        }
        value => (u32::from(attribute.number), value.to_vec()),
    });
    (packet.code(), attributes.collect())
}

const WHO: [(u32, &[u8]); 3] = [(1, b"DemoHour1"), (8, &[10, 5, 50, 7]), (44, b"80100014")];

fn with_name(more: &[(u32, &[u8])]) -> Vec<(u32, Vec<u8>)> {
    WHO.iter().chain(more).map(|(number, value)| (*number, value.to_vec())).collect()
}

#[test]
fn an_end_names_the_session_and_nothing_else() {
    let asked = order(Ask::Disconnect(Why::Renewed));

    assert_eq!(said(Vendor::Mikrotik, &asked, TimeoutFrom::Start), (Code::DisconnectRequest, with_name(&[])));
}

#[test]
fn only_what_is_different_is_said() {
    let rate = order(change(Parts { rate: true, ..Parts::default() }, |_| {}));

    assert_eq!(said(Vendor::Mikrotik, &rate, TimeoutFrom::Start), (Code::CoaRequest, with_name(&[(1_008, b"3M/8M")])));
}

#[test]
fn everything_can_be_said_at_once() {
    let all = order(change(Parts::ALL, |_| {}));

    assert_eq!(
        said(Vendor::Mikrotik, &all, TimeoutFrom::Start).1,
        with_name(&[
            (27, &3_600_u32.to_be_bytes()),
            (1_008, b"3M/8M"),
            (1_017, &6_000_u32.to_be_bytes()),
            (1_018, &[0; 4]),
            (1_019, b"fast"),
            (62, &2_u32.to_be_bytes()),
        ])
    );
}

#[test]
fn a_router_that_counts_from_now_is_told_what_is_left() {
    let time = order(change(Parts { time: true, ..Parts::default() }, |_| {}));

    assert_eq!(said(Vendor::Mikrotik, &time, TimeoutFrom::Now).1, with_name(&[(27, &3_000_u32.to_be_bytes())]));
}

#[test]
fn what_has_no_limit_any_more_is_said_too() {
    let parts = Parts { rate: true, time: true, ..Parts::default() };
    let endless = order(change(parts, |grant| (grant.rate, grant.seconds_left) = (None, None)));

    assert_eq!(
        said(Vendor::Mikrotik, &endless, TimeoutFrom::Start).1,
        with_name(&[(27, &21_474_720_u32.to_be_bytes()), (1_008, b"0/0")])
    );
}

#[test]
fn a_name_that_was_not_kept_whole_is_left_out() {
    let mut asked = order(Ask::Disconnect(Why::Renewed));
    asked.name.user_name = text::escaped(&[b'x'; 200]);

    let (_, attributes) = said(Vendor::Mikrotik, &asked, TimeoutFrom::Start);
    assert!(attributes.iter().all(|(number, _)| *number != 1), "{attributes:?}");
}

#[test]
fn answers_are_told_apart() {
    let secret = Secret::new(b"testing123");
    let reply = |code: Code, cause: Option<u32>| {
        let mut buffer = [0; PACKET_MAX];
        let asked = order(Ask::Disconnect(Why::Renewed));
        let writer = request(Vendor::Mikrotik, &asked, TimeoutFrom::Start, 7, &mut buffer).expect("it fits");
        let octets = writer.finish(&secret).to_vec();
        let packet = Packet::parse(&octets).expect("well formed");
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::reply(&mut buffer, code, &packet);
        if let Some(cause) = cause {
            writer.put(rfc3576::ERROR_CAUSE, cause).expect("it fits");
        }
        answer(&Packet::parse(writer.finish(&secret)).expect("well formed"))
    };

    assert_eq!(reply(Code::CoaAck, None), Answer::Done);
    assert_eq!(reply(Code::DisconnectAck, None), Answer::Done);
    assert_eq!(reply(Code::DisconnectNak, Some(503)), Answer::NoSuchSession);
    assert_eq!(reply(Code::CoaNak, Some(401)), Answer::Refused(Some(401)));
    assert_eq!(reply(Code::CoaNak, None), Answer::Refused(None));
}
