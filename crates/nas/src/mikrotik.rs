//! RouterOS: its own attributes, and its own reading of the RFCs'.

pub mod rate_limit;

use dictionaries::{Attribute, kind, mikrotik, rfc2865, rfc2869};
use domain::access::grant::Grant;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::PlanService;
use radius::{WriteError, Writer};

use crate::class;
use crate::generic::{interim_interval, write_address};
use rate_limit::RateLimitText;

/// The longest Session-Timeout that RouterOS takes; about 248 days.
pub const SESSION_SECONDS_MAX: u32 = 21_474_720;

pub(crate) fn write_grant(grant: &Grant, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    writer.put(rfc2865::CLASS, &class::encode(grant.session, grant.holder))?;
    if let Some(seconds) = grant.seconds_left {
        // A timeout of 0 would have no end.
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).clamp(1, SESSION_SECONDS_MAX);
        writer.put(rfc2865::SESSION_TIMEOUT, seconds)?;
    }
    writer.put(rfc2869::ACCT_INTERIM_INTERVAL, interim_interval(grant))?;
    if let Some(rate) = &grant.rate {
        writer.put(mikrotik::RATE_LIMIT, RateLimitText::of(rate).as_str())?;
    }
    if grant.service == PlanService::Hotspot {
        // Without it, the hotspot's own profile admits one device.
        writer.put(rfc2865::PORT_LIMIT, u32::from(grant.device_cap.get()))?;
    }
    write_address(grant, writer)?;
    if let Some(list) = &grant.address_list {
        writer.put(mikrotik::ADDRESS_LIST, list.as_str())?;
    }
    grant.data_left.map_or(Ok(()), |left| write_limits(left, grant.service, writer))
}

/// The speed of a session that goes on; unlimited has a text too, for nothing would leave the old one in force.
pub(crate) fn write_rate(rate: Option<&RateLimit>, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    match rate {
        Some(rate) => writer.put(mikrotik::RATE_LIMIT, RateLimitText::of(rate).as_str()),
        None => writer.put(mikrotik::RATE_LIMIT, UNLIMITED),
    }
}

/// The data that a session may move from its beginning.
pub(crate) fn write_limits(limit: Bytes, service: PlanService, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    match service {
        PlanService::Hotspot => write_limit(TOTAL, limit, writer),
        // A PPP session has no limit for both directions together: each gets what is left, and metering does the rest.
        PlanService::Pppoe | PlanService::Static => {
            write_limit(RECV, limit, writer)?;
            write_limit(XMIT, limit, writer)
        }
    }
}

/// No limit either way.
const UNLIMITED: &str = "0/0";

/// An attribute of 32 bits and the one that holds the next 32.
type Limit = (Attribute<kind::Integer>, Attribute<kind::Integer>);

const TOTAL: Limit = (mikrotik::TOTAL_LIMIT, mikrotik::TOTAL_LIMIT_GIGAWORDS);
const RECV: Limit = (mikrotik::RECV_LIMIT, mikrotik::RECV_LIMIT_GIGAWORDS);
const XMIT: Limit = (mikrotik::XMIT_LIMIT, mikrotik::XMIT_LIMIT_GIGAWORDS);

fn write_limit((low, high): Limit, left: Bytes, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    let (low_word, high_word) = words_of(left);
    writer.put(low, low_word)?;
    writer.put(high, high_word)
}

/// An amount as two words. A low word of 0 may mean "no limit" to the router, so one octet less is said instead;
/// nothing left, which no grant has, is one octet.
fn words_of(left: Bytes) -> (u32, u32) {
    let octets = match left.get() {
        0 => 1,
        whole if whole % (1 << 32) == 0 => whole - 1,
        octets => octets,
    };
    let [a, b, c, d, e, f, g, h] = octets.to_be_bytes();
    (u32::from_be_bytes([e, f, g, h]), u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_never_has_a_low_word_of_zero() {
        for (octets, words) in [
            (0, (1, 0)),
            (1, (1, 0)),
            (u64::from(u32::MAX), (u32::MAX, 0)),
            (1 << 32, (u32::MAX, 0)),
            ((1 << 32) + 1, (1, 1)),
            (5 << 30, (1 << 30, 1)),
            (3 << 32, (u32::MAX, 2)),
            (u64::MAX, (u32::MAX, u32::MAX)),
        ] {
            assert_eq!(words_of(Bytes::new(octets)), words, "{octets}");
        }
    }
}
