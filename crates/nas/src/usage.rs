//! Accounting-Request → [`UsageRecord`] or [`NasRestart`] (RFC 2866).
//!
//! Counters are what the NAS counted since the start of its session; what they mean for a data cap is decided
//! elsewhere. The NAS's clock is never read: a record happened when it arrived, less the time it waited.

use std::fmt;

use dictionaries::{Attribute, kind, rfc2865, rfc2866, rfc2869};
use domain::access::attempt::Device;
use domain::access::usage::{Counters, NasRestart, UsageKind, UsageRecord};
use domain::network::nas::Nas;
use domain::time::{Span, Timestamp};
use radius::Packet;

use crate::class;
use crate::service::service_of;

/// The longest wait that is believed: a day, in seconds.
pub const DELAY_SECONDS_MAX: u32 = 86_400;

/// What a NAS reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reported {
    /// About one session.
    Usage(UsageRecord),
    /// About itself: all its sessions are over.
    Restart(NasRestart),
    /// Nothing to record. It is answered all the same: silence would make the NAS send it again.
    Ignored(Ignored),
}

/// Why there is nothing to record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ignored {
    /// No Acct-Status-Type.
    NoStatus,
    /// One that is about tunnels, failures or a vendor's own matters.
    OtherStatus(u32),
    /// A user of the router's own list, whom we never admitted.
    LocalUser,
    /// Neither Acct-Session-Id nor a Class of ours: it could be any session.
    NoSession,
}

impl Ignored {
    /// A fixed word for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoStatus => "no_status",
            Self::OtherStatus(_) => "other_status",
            Self::LocalUser => "local_user",
            Self::NoSession => "no_session",
        }
    }
}

/// What a person reads in a log.
impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStatus => f.write_str("the record has no Acct-Status-Type"),
            Self::OtherStatus(status) => write!(f, "Acct-Status-Type {status} is not about a session"),
            Self::LocalUser => f.write_str("the user is on the router's own list"),
            Self::NoSession => f.write_str("the record names no session"),
        }
    }
}

/// Reads a record that came from `nas` at `arrived`. Which of its addresses it came from is for whoever took it to say.
pub fn usage(packet: &Packet<'_>, nas: &Nas, arrived: Timestamp) -> Reported {
    use rfc2866::acct_status_type::{ACCOUNTING_OFF, ACCOUNTING_ON, INTERIM_UPDATE, START, STOP};

    let waited = number(packet, rfc2866::ACCT_DELAY_TIME).min(DELAY_SECONDS_MAX);
    let at = arrived.minus(Span::seconds(i64::from(waited)));
    let kind = match packet.get(rfc2866::ACCT_STATUS_TYPE) {
        Some(START) => UsageKind::Start,
        Some(INTERIM_UPDATE) => UsageKind::Interim,
        Some(STOP) => UsageKind::Stop(number(packet, rfc2866::ACCT_TERMINATE_CAUSE)),
        Some(ACCOUNTING_ON | ACCOUNTING_OFF) => {
            return Reported::Restart(NasRestart { tenant: nas.tenant, nas: nas.id, at });
        }
        Some(other) => return Reported::Ignored(Ignored::OtherStatus(other)),
        None => return Reported::Ignored(Ignored::NoStatus),
    };
    let ours = packet.all(rfc2865::CLASS).find_map(class::decode);
    let (session, holder) = (ours.map(|ours| ours.session), ours.and_then(|ours| ours.holder));
    let acct_session_id = text(packet, rfc2866::ACCT_SESSION_ID, 64);
    if session.is_none() && packet.get(rfc2866::ACCT_AUTHENTIC) == Some(rfc2866::acct_authentic::LOCAL) {
        return Reported::Ignored(Ignored::LocalUser);
    }
    if session.is_none() && acct_session_id.is_empty() {
        return Reported::Ignored(Ignored::NoSession);
    }
    Reported::Usage(UsageRecord {
        tenant: nas.tenant,
        nas: nas.id,
        kind,
        session,
        holder,
        acct_session_id,
        user_name: text(packet, rfc2865::USER_NAME, 128),
        device: Device::from_calling_station(packet.get(rfc2865::CALLING_STATION_ID).map(|text| text.as_bytes())),
        service: service_of(packet),
        framed_ip: packet.get(rfc2865::FRAMED_IP_ADDRESS),
        from: None,
        counters: counters_of(packet),
        has_counters: has_counters(packet),
        at,
    })
}

/// Input is what the NAS received from the subscriber: upload (RFC 2866 §5.3).
fn counters_of(packet: &Packet<'_>) -> Counters {
    Counters {
        in_octets: joined(packet, rfc2866::ACCT_INPUT_OCTETS, rfc2869::ACCT_INPUT_GIGAWORDS),
        out_octets: joined(packet, rfc2866::ACCT_OUTPUT_OCTETS, rfc2869::ACCT_OUTPUT_GIGAWORDS),
        in_packets: u64::from(number(packet, rfc2866::ACCT_INPUT_PACKETS)),
        out_packets: u64::from(number(packet, rfc2866::ACCT_OUTPUT_PACKETS)),
        seconds: u64::from(number(packet, rfc2866::ACCT_SESSION_TIME)),
    }
}

/// Whether octets were counted. Session time alone does not make zero octets a reading.
fn has_counters(packet: &Packet<'_>) -> bool {
    packet.get(rfc2866::ACCT_INPUT_OCTETS).is_some() || packet.get(rfc2866::ACCT_OUTPUT_OCTETS).is_some()
}

fn joined(packet: &Packet<'_>, low: Attribute<kind::Integer>, high: Attribute<kind::Integer>) -> u64 {
    (u64::from(number(packet, high)) << 32) | u64::from(number(packet, low))
}

fn number(packet: &Packet<'_>, attribute: Attribute<kind::Integer>) -> u32 {
    packet.get(attribute).unwrap_or(0)
}

/// A stranger's text, escaped and cut to `octets_max` between two characters.
fn text(packet: &Packet<'_>, attribute: Attribute<kind::Text>, octets_max: usize) -> String {
    let mut escaped = packet.get(attribute).map(|text| domain::text::escaped(text.as_bytes())).unwrap_or_default();
    escaped.truncate(escaped.floor_char_boundary(octets_max));
    escaped
}

#[cfg(test)]
mod tests;
