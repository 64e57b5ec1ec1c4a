//! What a NAS reports of a session (RFC 2866), in our words.

use std::net::{IpAddr, Ipv4Addr};

use crate::access::attempt::{AskedService, Device};
use crate::access::facts::Holder;
use crate::id::{NasId, SessionId, TenantId};
use crate::rate::Bytes;
use crate::time::{Period, Timestamp};

/// Cumulative counters since the start of a session. *In* is from the subscriber (upload), *out* is to the subscriber.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Counters {
    /// Octets from the subscriber, with the gigawords joined.
    pub in_octets: u64,
    /// Octets to the subscriber, with the gigawords joined.
    pub out_octets: u64,
    /// Packets from the subscriber.
    pub in_packets: u64,
    /// Packets to the subscriber.
    pub out_packets: u64,
    /// Seconds online.
    pub seconds: u64,
}

impl Counters {
    /// Nothing yet.
    pub const ZERO: Self = Self { in_octets: 0, out_octets: 0, in_packets: 0, out_packets: 0, seconds: 0 };

    /// Each counter combined with its twin.
    #[must_use]
    pub fn zip(self, other: Self, with: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            in_octets: with(self.in_octets, other.in_octets),
            out_octets: with(self.out_octets, other.out_octets),
            in_packets: with(self.in_packets, other.in_packets),
            out_packets: with(self.out_packets, other.out_packets),
            seconds: with(self.seconds, other.seconds),
        }
    }

    /// Octets in both directions; saturates.
    pub const fn octets(self) -> u64 {
        self.in_octets.saturating_add(self.out_octets)
    }
}

/// Octets in both directions together since the beginning of the day, week and month that are running in the tenant's
/// zone. Nothing where nobody has to count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Recent {
    /// Since midnight.
    pub day: Bytes,
    /// Since Monday.
    pub week: Bytes,
    /// Since the first of the month.
    pub month: Bytes,
}

impl Recent {
    /// Those of a period.
    pub const fn of(self, period: Period) -> Bytes {
        match period {
            Period::Day => self.day,
            Period::Week => self.week,
            Period::Month => self.month,
        }
    }

    /// Those of a period, to be changed.
    pub const fn of_mut(&mut self, period: Period) -> &mut Bytes {
        match period {
            Period::Day => &mut self.day,
            Period::Week => &mut self.week,
            Period::Month => &mut self.month,
        }
    }
}

/// What a record says happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UsageKind {
    /// The session began.
    Start,
    /// It goes on.
    Interim,
    /// It ended, with Acct-Terminate-Cause as it came; 0 when the NAS gave none.
    Stop(u32),
}

/// One record about one session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageRecord {
    /// The ISP whose router it came from.
    pub tenant: TenantId,
    /// The router.
    pub nas: NasId,
    /// What happened.
    pub kind: UsageKind,
    /// Our own key, returned in `Class`; `None` when the NAS did not return one of ours.
    pub session: Option<SessionId>,
    /// Whose right the session uses, as `Class` says. A claim: the holder may be another tenant's.
    pub holder: Option<Holder>,
    /// Acct-Session-Id, escaped, at most 64 octets. Repeats after reboots and between routers: never a key alone.
    pub acct_session_id: String,
    /// User-Name, escaped, at most 128 octets.
    pub user_name: String,
    /// The device.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
    /// The device's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Where the router's packet came from, when that is not plain from the router's own row.
    pub from: Option<IpAddr>,
    /// The counters.
    pub counters: Counters,
    /// Whether the NAS gave any counters: a Stop without them must not read as zero.
    pub has_counters: bool,
    /// When it arrived, less Acct-Delay-Time: our clock, never the router's.
    pub at: Timestamp,
}

/// A NAS says that it started or stops (Accounting-On, Accounting-Off): all its open sessions are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NasRestart {
    /// The ISP whose router it is.
    pub tenant: TenantId,
    /// The router.
    pub nas: NasId,
    /// When it arrived.
    pub at: Timestamp,
}
