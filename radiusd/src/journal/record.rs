//! What a record says, in octets: written by hand, so that the words of `domain` need not know of any disk.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::usage::{Counters, NasRestart, UsageKind, UsageRecord};
use domain::id::Id;
use domain::time::Timestamp;

use super::frame::PAYLOAD_MAX;

/// How payloads are written today.
pub(crate) const VERSION: u8 = 3;

/// How they were written before records said where their packet came from.
const WITHOUT_SOURCE: u8 = 2;

/// How they were written before records said whose session it is.
const WITHOUT_HOLDER: u8 = 1;

const USAGE: u8 = 1;
const RESTART: u8 = 2;
const START: u8 = 0;
const INTERIM: u8 = 1;
const STOP: u8 = 2;
const NOBODY: u8 = 0;
const VOUCHER: u8 = 1;
const SUBSCRIBER: u8 = 2;

/// The longest text of a record, in octets: a User-Name.
const TEXT_MAX: usize = 128;

/// What a router reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Record {
    /// About one session.
    Usage(Box<UsageRecord>),
    /// About itself.
    Restart(NasRestart),
}

impl Record {
    /// When it arrived, less the time it waited on its router.
    pub(crate) const fn at(&self) -> Timestamp {
        match self {
            Self::Usage(usage) => usage.at,
            Self::Restart(restart) => restart.at,
        }
    }
}

/// A record as octets; `None` when one of its texts is longer than any that a packet gives.
pub(crate) fn encode(record: &Record) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(256);
    match record {
        Record::Usage(usage) => {
            out.push(USAGE);
            head(&mut out, usage.tenant, usage.nas, usage.at);
            put_usage(&mut out, usage)?;
        }
        Record::Restart(restart) => {
            out.push(RESTART);
            head(&mut out, restart.tenant, restart.nas, restart.at);
        }
    }
    (out.len() <= PAYLOAD_MAX).then_some(out)
}

fn head<T, N>(out: &mut Vec<u8>, tenant: Id<T>, nas: Id<N>, at: Timestamp) {
    out.extend_from_slice(&tenant.bytes());
    out.extend_from_slice(&nas.bytes());
    out.extend_from_slice(&at.as_micros().to_le_bytes());
}

fn put_usage(out: &mut Vec<u8>, usage: &UsageRecord) -> Option<()> {
    let (kind, number) = match usage.kind {
        UsageKind::Start => (START, 0),
        UsageKind::Interim => (INTERIM, 0),
        UsageKind::Stop(number) => (STOP, number),
    };
    out.push(kind);
    out.extend_from_slice(&number.to_le_bytes());
    put_option(out, usage.session.map(|session| session.bytes()));
    out.push(usage.holder.map_or(NOBODY, |holder| match holder {
        Holder::Voucher(_) => VOUCHER,
        Holder::Subscriber(_) => SUBSCRIBER,
    }));
    out.extend_from_slice(usage.holder.map(Holder::uuid).unwrap_or_default().as_bytes());
    put_option(out, usage.framed_ip.map(|address| address.octets()));
    let Counters { in_octets, out_octets, in_packets, out_packets, seconds } = usage.counters;
    for counter in [in_octets, out_octets, in_packets, out_packets, seconds] {
        out.extend_from_slice(&counter.to_le_bytes());
    }
    out.push(u8::from(usage.has_counters));
    for text in [&usage.acct_session_id, &usage.user_name, &usage.device.key(), usage.service.code()] {
        if text.len() > TEXT_MAX {
            return None;
        }
        out.push(u8::try_from(text.len()).ok()?);
        out.extend_from_slice(text.as_bytes());
    }
    put_option(out, usage.from.map(|from| to_v6(from).octets()));
    Some(())
}

/// One form for both kinds of address.
pub(crate) const fn to_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

fn put_option<const LENGTH: usize>(out: &mut Vec<u8>, value: Option<[u8; LENGTH]>) {
    out.push(u8::from(value.is_some()));
    out.extend_from_slice(&value.unwrap_or([0; LENGTH]));
}

/// The record in these octets; `None` when they are no record of a version that is known, or more than one.
pub(crate) fn decode(version: u8, payload: &[u8]) -> Option<Record> {
    if !(WITHOUT_HOLDER..=VERSION).contains(&version) {
        return None;
    }
    let mut octets = Octets(payload);
    let [kind] = octets.take()?;
    let (tenant, nas) = (Id::from_bytes(octets.take()?), Id::from_bytes(octets.take()?));
    let at = Timestamp::from_micros(i64::from_le_bytes(octets.take()?));
    let record = match kind {
        USAGE => Record::Usage(Box::new(UsageRecord {
            tenant,
            nas,
            at,
            kind: octets.kind()?,
            session: octets.option()?.map(Id::from_bytes),
            holder: if version == WITHOUT_HOLDER { None } else { octets.holder()? },
            framed_ip: octets.option()?.map(Ipv4Addr::from_octets),
            counters: octets.counters()?,
            has_counters: octets.flag()?,
            acct_session_id: octets.text()?.to_owned(),
            user_name: octets.text()?.to_owned(),
            device: Device::from_key(octets.text()?),
            service: AskedService::from_code(octets.text()?),
            from: if version <= WITHOUT_SOURCE {
                None
            } else {
                octets.option()?.map(|from| Ipv6Addr::from_octets(from).to_canonical())
            },
        })),
        RESTART => Record::Restart(NasRestart { tenant, nas, at }),
        _ => return None,
    };
    octets.0.is_empty().then_some(record)
}

/// What is left to read.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.take()? {
            [0] => Some(false),
            [1] => Some(true),
            [_] => None,
        }
    }

    fn option<const LENGTH: usize>(&mut self) -> Option<Option<[u8; LENGTH]>> {
        let present = self.flag()?;
        let value = self.take()?;
        Some(present.then_some(value))
    }

    fn kind(&mut self) -> Option<UsageKind> {
        let [kind] = self.take()?;
        let number = u32::from_le_bytes(self.take()?);
        match kind {
            START => Some(UsageKind::Start),
            INTERIM => Some(UsageKind::Interim),
            STOP => Some(UsageKind::Stop(number)),
            _ => None,
        }
    }

    fn holder(&mut self) -> Option<Option<Holder>> {
        let [kind] = self.take()?;
        let id = self.take()?;
        match kind {
            NOBODY => Some(None),
            VOUCHER => Some(Some(Holder::Voucher(Id::from_bytes(id)))),
            SUBSCRIBER => Some(Some(Holder::Subscriber(Id::from_bytes(id)))),
            _ => None,
        }
    }

    fn counters(&mut self) -> Option<Counters> {
        let mut counter = || self.take().map(u64::from_le_bytes);
        Some(Counters {
            in_octets: counter()?,
            out_octets: counter()?,
            in_packets: counter()?,
            out_packets: counter()?,
            seconds: counter()?,
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        let [length] = self.take()?;
        let length = usize::from(length);
        if length > TEXT_MAX || length > self.0.len() {
            return None;
        }
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usage() -> impl Strategy<Value = UsageRecord> {
        let kind =
            prop_oneof![Just(UsageKind::Start), Just(UsageKind::Interim), any::<u32>().prop_map(UsageKind::Stop)];
        let ids = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<Option<[u8; 16]>>(), any::<Option<(bool, [u8; 16])>>());
        let texts = ("[ -~]{0,64}", "[ -~é]{0,60}", "[ -~]{0,64}", "hotspot|ppp|unsaid");
        let numbers = (any::<[u64; 5]>(), any::<bool>(), any::<Option<[u8; 4]>>(), any::<i64>());
        (kind, ids, texts, numbers).prop_map(|(kind, ids, texts, numbers)| UsageRecord {
            tenant: Id::from_bytes(ids.0),
            nas: Id::from_bytes(ids.1),
            kind,
            session: ids.2.map(Id::from_bytes),
            holder: ids.3.map(|(voucher, id)| match voucher {
                true => Holder::Voucher(Id::from_bytes(id)),
                false => Holder::Subscriber(Id::from_bytes(id)),
            }),
            acct_session_id: texts.0,
            user_name: texts.1,
            device: Device::from_key(&texts.2),
            service: AskedService::from_code(&texts.3),
            framed_ip: numbers.2.map(Ipv4Addr::from_octets),
            from: numbers.2.map(|octets| Ipv4Addr::from_octets(octets).into()),
            counters: Counters {
                in_octets: numbers.0[0],
                out_octets: numbers.0[1],
                in_packets: numbers.0[2],
                out_packets: numbers.0[3],
                seconds: numbers.0[4],
            },
            has_counters: numbers.1,
            at: Timestamp::from_micros(numbers.3),
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(usage in usage()) {
            let restart = NasRestart { tenant: usage.tenant, nas: usage.nas, at: usage.at };
            for record in [Record::Usage(Box::new(usage)), Record::Restart(restart)] {
                let payload = encode(&record).expect("short");
                prop_assert_eq!(decode(VERSION, &payload), Some(record));
            }
        }

        #[test]
        fn arbitrary_octets_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..400), kind in 0_u8..4) {
            let _ = decode(VERSION, &payload);
            let _ = decode(VERSION, &[&[kind], &payload[..]].concat());
        }

        #[test]
        fn half_a_record_is_none(usage in usage(), cut in any::<prop::sample::Index>()) {
            let payload = encode(&Record::Usage(Box::new(usage))).expect("short");
            prop_assert_eq!(decode(VERSION, &payload[..cut.index(payload.len())]), None);
        }

        #[test]
        fn a_text_that_is_too_long_is_refused(mut usage in usage(), extra in 1_usize..300) {
            usage.user_name = "x".repeat(TEXT_MAX + extra);
            prop_assert_eq!(encode(&Record::Usage(Box::new(usage))), None);
        }
    }

    /// What an earlier program left on disk when it was replaced by this one.
    #[test]
    fn a_record_that_says_nothing_of_its_holder_is_read() {
        let mut payload = vec![USAGE];
        payload.extend([[1; 16], [2; 16]].concat());
        payload.extend(3_i64.to_le_bytes());
        payload.extend([STOP, 4, 0, 0, 0]);
        payload.extend([[1; 17].as_slice(), &[0; 5]].concat());
        payload.extend((5_u64..10).flat_map(u64::to_le_bytes));
        payload.extend(b"\x01\x0881000001\x08house-12\x01-\x03ppp");

        let expected = UsageRecord {
            tenant: Id::from_bytes([1; 16]),
            nas: Id::from_bytes([2; 16]),
            at: Timestamp::from_micros(3),
            kind: UsageKind::Stop(4),
            session: Some(Id::from_bytes([1; 16])),
            holder: None,
            acct_session_id: "81000001".to_owned(),
            user_name: "house-12".to_owned(),
            device: Device::Unnamed,
            service: AskedService::Ppp,
            framed_ip: None,
            from: None,
            counters: Counters { in_octets: 5, out_octets: 6, in_packets: 7, out_packets: 8, seconds: 9 },
            has_counters: true,
        };
        assert_eq!(decode(WITHOUT_HOLDER, &payload), Some(Record::Usage(Box::new(expected))));
    }

    #[test]
    fn another_version_is_refused() {
        let restart =
            NasRestart { tenant: Id::from_bytes([1; 16]), nas: Id::from_bytes([2; 16]), at: Timestamp::from_micros(3) };
        let payload = encode(&Record::Restart(restart)).expect("short");

        assert_eq!(decode(VERSION + 1, &payload), None);
    }
}
