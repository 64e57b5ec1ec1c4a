use std::net::Ipv4Addr;

use dictionaries::mikrotik;
use domain::access::attempt::AskedService;
use domain::access::facts::Holder;
use domain::id::{NasId, SessionId, TenantId, VoucherId};
use domain::mac::Mac;
use domain::network::nas::{Signing, Vendor};
use proptest::prelude::*;
use radius::{PACKET_MAX, Place, Secret, WriteError, Writer};

use super::*;

const HOLDER: Holder = Holder::Voucher(VoucherId::from_bytes([8; 16]));
const ARRIVED: Timestamp = Timestamp::from_seconds(1_000_000);

fn nas() -> Nas {
    Nas {
        id: NasId::from_bytes([2; 16]),
        tenant: TenantId::from_bytes([1; 16]),
        name: "tower".parse().unwrap(),
        address: "192.0.2.1/32".parse().unwrap(),
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3799,
        signing: Signing::default(),
    }
}

fn read(bytes: &[u8]) -> Reported {
    usage(&Packet::parse(bytes).unwrap(), &nas(), ARRIVED)
}

fn report(write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>) -> Reported {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::accounting_request(&mut buffer, 1, Place::Absent);
    write(&mut writer).unwrap();
    read(writer.finish(&Secret::new(b"testing123")))
}

/// A record of that status about session `80100014`, with what `write` adds.
fn record(status: u32, write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>) -> UsageRecord {
    let reported = report(|writer| {
        writer.put(rfc2866::ACCT_STATUS_TYPE, status)?;
        writer.put(rfc2866::ACCT_SESSION_ID, "80100014")?;
        write(writer)
    });
    match reported {
        Reported::Usage(record) => record,
        other @ (Reported::Restart(_) | Reported::Ignored(_)) => panic!("{other:?}"),
    }
}

#[test]
fn an_interim_from_the_wire_joins_its_gigawords() {
    let wire = "042e004f73c9e99ed365b34c1ce0766e860a5960280600000003\
        0107616c6963652c0a38316130393535362a0610000000340600000001\
        2b0600000005350600000003\
        2e0600001c2004060a000001";

    let reported = read(&hex::decode(wire).unwrap());

    let expected = UsageRecord {
        tenant: nas().tenant,
        nas: nas().id,
        kind: UsageKind::Interim,
        session: None,
        holder: None,
        acct_session_id: "81a09556".to_owned(),
        user_name: "alice".to_owned(),
        device: Device::Unnamed,
        service: AskedService::Unsaid,
        framed_ip: None,
        from: None,
        counters: Counters {
            in_octets: 4_563_402_752,
            out_octets: 12_884_901_893,
            in_packets: 0,
            out_packets: 0,
            seconds: 7_200,
        },
        has_counters: true,
        at: ARRIVED,
    };
    assert_eq!(reported, Reported::Usage(expected));
}

#[test]
fn a_start_from_the_wire_has_no_counters() {
    let wire = "042d00316362947c716211bf33e79231327e3fb6280600000001\
        2c0a38303130303031340107616c69636504060a000001";

    let Reported::Usage(record) = read(&hex::decode(wire).unwrap()) else { panic!("a start is about a session") };

    assert_eq!((record.kind, record.has_counters, record.counters), (UsageKind::Start, false, Counters::ZERO));
}

#[test]
fn a_hotspots_stop_is_read_whole() {
    let session = SessionId::from_bytes([9; 16]);

    let record = record(2, |writer| {
        writer.put(rfc2866::ACCT_TERMINATE_CAUSE, 4)?;
        writer.put(rfc2865::CALLING_STATION_ID, "AA:BB:CC:01:02:03")?;
        writer.put(rfc2865::CALLED_STATION_ID, "hotspot1")?;
        writer.put(rfc2865::USER_NAME, "K7Q2M")?;
        writer.put(rfc2865::FRAMED_IP_ADDRESS, Ipv4Addr::new(10, 5, 88, 2))?;
        writer.put(mikrotik::HOST_IP, Ipv4Addr::new(10, 5, 88, 2))?;
        writer.put(rfc2865::CLASS, b"ai:somebody else's")?;
        writer.put(rfc2865::CLASS, &class::encode(session, HOLDER))?;
        writer.put(rfc2866::ACCT_INPUT_OCTETS, 10)?;
        writer.put(rfc2866::ACCT_OUTPUT_OCTETS, 20)?;
        writer.put(rfc2869::ACCT_INPUT_GIGAWORDS, 0)?;
        writer.put(rfc2869::ACCT_OUTPUT_GIGAWORDS, u32::MAX)?;
        writer.put(rfc2866::ACCT_INPUT_PACKETS, 1)?;
        writer.put(rfc2866::ACCT_OUTPUT_PACKETS, 2)?;
        writer.put(rfc2866::ACCT_SESSION_TIME, 60)
    });

    assert_eq!((record.kind, record.session), (UsageKind::Stop(4), Some(session)));
    assert_eq!(record.device, Device::Mac(Mac::from_octets([0xaa, 0xbb, 0xcc, 1, 2, 3])));
    assert_eq!(record.service, AskedService::Hotspot);
    assert_eq!(record.framed_ip, Some(Ipv4Addr::new(10, 5, 88, 2)));
    let out_octets = (u64::from(u32::MAX) << 32) + 20;
    assert_eq!(record.counters, Counters { in_octets: 10, out_octets, in_packets: 1, out_packets: 2, seconds: 60 });
}

#[test]
fn a_stop_without_counters_or_cause_says_so() {
    let record = record(2, |writer| writer.put(rfc2866::ACCT_SESSION_TIME, 60));

    assert_eq!((record.kind, record.has_counters, record.counters.seconds), (UsageKind::Stop(0), false, 60));
}

#[test]
fn a_counter_of_zero_is_a_counter() {
    assert!(record(3, |writer| writer.put(rfc2866::ACCT_OUTPUT_OCTETS, 0)).has_counters);
}

#[test]
fn the_time_that_a_record_waited_is_taken_off_up_to_a_day() {
    let waited = |seconds| record(3, |writer| writer.put(rfc2866::ACCT_DELAY_TIME, seconds)).at;

    assert_eq!(waited(0), ARRIVED);
    assert_eq!(waited(90), Timestamp::from_seconds(1_000_000 - 90));
    assert_eq!(waited(86_400), Timestamp::from_seconds(1_000_000 - 86_400));
    assert_eq!(waited(u32::MAX), Timestamp::from_seconds(1_000_000 - 86_400));
}

#[test]
fn a_nas_that_starts_or_stops_is_a_restart() {
    for status in [7, 8] {
        let reported = report(|writer| {
            writer.put(rfc2866::ACCT_STATUS_TYPE, status)?;
            writer.put(rfc2866::ACCT_DELAY_TIME, 3)
        });

        let at = Timestamp::from_seconds(1_000_000 - 3);
        assert_eq!(reported, Reported::Restart(NasRestart { tenant: nas().tenant, nas: nas().id, at }));
    }
}

#[test]
fn what_cannot_be_recorded_is_ignored_with_its_reason() {
    assert_eq!(report(|_| Ok(())), Reported::Ignored(Ignored::NoStatus));
    for status in [0, 4, 9, 15, u32::MAX] {
        let reported = report(|writer| writer.put(rfc2866::ACCT_STATUS_TYPE, status));
        assert_eq!(reported, Reported::Ignored(Ignored::OtherStatus(status)));
    }
    let nameless = report(|writer| {
        writer.put(rfc2866::ACCT_STATUS_TYPE, 1)?;
        writer.put(rfc2865::USER_NAME, "bob")
    });
    assert_eq!(nameless, Reported::Ignored(Ignored::NoSession));
}

#[test]
fn a_session_of_ours_needs_no_id_of_the_nas() {
    let reported = report(|writer| {
        writer.put(rfc2866::ACCT_STATUS_TYPE, 1)?;
        writer.put(rfc2865::CLASS, &class::encode(SessionId::from_bytes([9; 16]), HOLDER))
    });

    assert!(matches!(reported, Reported::Usage(UsageRecord { session: Some(_), .. })), "{reported:?}");
}

#[test]
fn a_user_of_the_routers_own_list_is_not_ours() {
    let local = |class: &[u8]| {
        report(|writer| {
            writer.put(rfc2866::ACCT_STATUS_TYPE, 1)?;
            writer.put(rfc2866::ACCT_SESSION_ID, "81100001")?;
            writer.put(rfc2866::ACCT_AUTHENTIC, rfc2866::acct_authentic::LOCAL)?;
            writer.put(rfc2865::CLASS, class)
        })
    };

    assert_eq!(local(b"other"), Reported::Ignored(Ignored::LocalUser));
    assert!(matches!(local(&class::encode(SessionId::from_bytes([9; 16]), HOLDER)), Reported::Usage(_)));
}

proptest! {
    #[test]
    fn no_packet_is_a_panic_and_texts_are_bounded(
        status in prop::sample::select(vec![1_u32, 2, 3, 7, 8]),
        name in prop::collection::vec(any::<u8>(), 0..200),
        attributes in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..20),
    ) {
        let reported = report(|writer| {
            writer.put(rfc2866::ACCT_STATUS_TYPE, status)?;
            writer.put_octets(rfc2865::USER_NAME, &name)?;
            writer.put_octets(rfc2866::ACCT_SESSION_ID, &name)?;
            for (number, value) in attributes.iter().filter(|(number, _)| *number != 80) {
                writer.put_raw(*number, value)?;
            }
            Ok(())
        });

        if let Reported::Usage(record) = reported {
            prop_assert!(record.user_name.len() <= 128 && record.acct_session_id.len() <= 64);
            prop_assert!(!record.user_name.chars().any(char::is_control));
        }
    }
}
