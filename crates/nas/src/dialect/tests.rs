use domain::access::facts::Holder;
use domain::id::{SessionId, SubscriberId};
use domain::rate::{Bps, Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, PlanService};

use super::*;

fn grant() -> Grant {
    Grant {
        session: SessionId::from_bytes([9; 16]),
        holder: Holder::Subscriber(SubscriberId::from_bytes([8; 16])),
        service: PlanService::Hotspot,
        seconds_left: Some(3_600),
        interim_seconds: 600,
        rate: Some(RateLimit::flat(Bps::new(2_000_000), Bps::new(5_000_000))),
        device_cap: DeviceCap::ONE,
        data_left: Some(Bytes::new(5 << 30)),
        framed_ip: Some([10, 0, 5, 20].into()),
        pool: None,
        address_list: "paid".parse().ok(),
    }
}

#[test]
fn a_grant_is_described_as_the_router_gets_it() {
    assert_eq!(
        describe(Vendor::Mikrotik, &grant()),
        "Session-Timeout=3600, Acct-Interim-Interval=600, Mikrotik-Rate-Limit=2M/5M, Port-Limit=1, \
         Framed-IP-Address=10.0.5.20, Mikrotik-Address-List=paid, Mikrotik-Total-Limit=1073741824, \
         Mikrotik-Total-Limit-Gigawords=1"
    );
    assert_eq!(
        describe(Vendor::Generic, &grant()),
        "Session-Timeout=3600, Acct-Interim-Interval=600, WISPr-Bandwidth-Max-Up=2000000, \
         WISPr-Bandwidth-Max-Down=5000000, Port-Limit=1, Framed-IP-Address=10.0.5.20"
    );
}

#[test]
fn a_packet_without_room_is_an_error() {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::Absent);
    while writer.put_raw(rfc2865::PROXY_STATE.number, &[0; 250]).is_ok() {}

    assert_eq!(write_grant(Vendor::Mikrotik, &grant(), &mut writer), Err(WriteError::PacketFull));
}
