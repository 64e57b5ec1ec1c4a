//! An open session.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::session::{Session, SessionState};
use domain::access::told::{Speed, Told};
use domain::access::usage::Counters;
use domain::time::Timestamp;
use store::access::sessions::StoredSession;

use super::octets::{Octets, Out};
use crate::journal::record::to_v6;

const NOBODY: u8 = 0;
const VOUCHER: u8 = 1;
const SUBSCRIBER: u8 = 2;

const GRANTED: u8 = 0;
const OPEN: u8 = 1;

/// One that has ended has no form here.
pub(super) fn put(out: &mut Vec<u8>, stored: &StoredSession) -> Option<()> {
    out.id(stored.id);
    out.id(stored.nas);
    match stored.holder {
        None => out.push(NOBODY),
        Some(Holder::Voucher(id)) => {
            out.push(VOUCHER);
            out.id(id);
        }
        Some(Holder::Subscriber(id)) => {
            out.push(SUBSCRIBER);
            out.id(id);
        }
    }
    out.text(stored.user_name.as_bytes())?;
    out.text(stored.device.key().as_bytes())?;
    out.text(stored.service.code().as_bytes())?;
    out.some_text(stored.acct_session_id.as_deref())?;
    out.option(stored.framed_ip.map(|address| address.octets()));
    match stored.told {
        None => out.push(0),
        Some(Told { plan, revision, speed, until, framed_ip, data_since }) => {
            out.push(1);
            out.id(plan);
            out.u32(revision);
            out.push(speed.number());
            out.option(until.map(|until| until.as_micros().to_le_bytes()));
            out.option(framed_ip.map(|address| address.octets()));
            out.instant(data_since);
        }
    }
    out.option(stored.from.map(|from| to_v6(from).octets()));
    out.option(stored.interim_seconds.map(u32::to_le_bytes));
    out.i64(stored.lease_until.as_micros());
    let Session { state, started_at, last_heard_at, ended_at: _, counted, last_reading } = &stored.session;
    out.push(match state {
        SessionState::Granted => GRANTED,
        SessionState::Open => OPEN,
        SessionState::Closed(_) => return None,
    });
    out.i64(started_at.as_micros());
    out.i64(last_heard_at.as_micros());
    for counters in [counted, last_reading] {
        let Counters { in_octets, out_octets, in_packets, out_packets, seconds } = *counters;
        [in_octets, out_octets, in_packets, out_packets, seconds].into_iter().for_each(|count| out.u64(count));
    }
    Some(())
}

pub(super) fn read(octets: &mut Octets<'_>) -> Option<StoredSession> {
    let instant = |octets: &mut Octets<'_>| octets.i64().map(Timestamp::from_micros);
    Some(StoredSession {
        id: octets.id()?,
        nas: octets.id()?,
        holder: match octets.u8()? {
            NOBODY => None,
            VOUCHER => Some(Holder::Voucher(octets.id()?)),
            SUBSCRIBER => Some(Holder::Subscriber(octets.id()?)),
            _ => return None,
        },
        user_name: octets.utf8()?.to_owned(),
        device: Device::from_key(octets.utf8()?),
        service: AskedService::from_code(octets.utf8()?),
        acct_session_id: octets.some_text()?.map(ToOwned::to_owned),
        framed_ip: octets.option()?.map(Ipv4Addr::from_octets),
        told: match octets.u8()? {
            0 => None,
            1 => Some(Told {
                plan: octets.id()?,
                revision: octets.u32()?,
                speed: Speed::from_number(octets.u8()?)?,
                until: octets.option()?.map(i64::from_le_bytes).map(Timestamp::from_micros),
                framed_ip: octets.option()?.map(Ipv4Addr::from_octets),
                data_since: octets.instant()?,
            }),
            _ => return None,
        },
        from: octets.option()?.map(|from| Ipv6Addr::from_octets(from).to_canonical()),
        interim_seconds: octets.option()?.map(u32::from_le_bytes),
        lease_until: instant(octets)?,
        session: Session {
            state: match octets.u8()? {
                GRANTED => SessionState::Granted,
                OPEN => SessionState::Open,
                _ => return None,
            },
            started_at: instant(octets)?,
            last_heard_at: instant(octets)?,
            ended_at: None,
            counted: counters(octets)?,
            last_reading: counters(octets)?,
        },
    })
}

fn counters(octets: &mut Octets<'_>) -> Option<Counters> {
    Some(Counters {
        in_octets: octets.u64()?,
        out_octets: octets.u64()?,
        in_packets: octets.u64()?,
        out_packets: octets.u64()?,
        seconds: octets.u64()?,
    })
}
