//! Routers of no vendor that we know: what the RFCs define, and WISPr's speeds.
//!
//! There is no attribute of that kind for an amount of data or for an address list: an amount is left to accounting.

use dictionaries::{rfc2865, rfc2869, wispr};
use domain::access::grant::Grant;
use domain::rate::{Bps, RateLimit};
use domain::sales::plan::PlanService;
use radius::{WriteError, Writer};

use crate::class;

/// The longest Session-Timeout that fits a signed number of 32 bits, as some devices keep it.
pub(crate) const SESSION_SECONDS_MAX: u32 = u32::MAX >> 1;

/// The shortest interim interval (RFC 2869 §5.16).
const INTERIM_SECONDS_MIN: u32 = 60;

pub(crate) fn write_grant(grant: &Grant, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    writer.put(rfc2865::CLASS, &class::encode(grant.session, grant.holder))?;
    if let Some(seconds) = grant.seconds_left {
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).clamp(1, SESSION_SECONDS_MAX);
        writer.put(rfc2865::SESSION_TIMEOUT, seconds)?;
    }
    writer.put(rfc2869::ACCT_INTERIM_INTERVAL, interim_interval(grant))?;
    write_rate(grant.rate.as_ref(), writer)?;
    if grant.service == PlanService::Hotspot {
        writer.put(rfc2865::PORT_LIMIT, u32::from(grant.device_cap.get()))?;
    }
    write_address(grant, writer)
}

/// The speed. There is no attribute for "unlimited".
pub(crate) fn write_rate(rate: Option<&RateLimit>, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    let Some(limit) = rate else { return Ok(()) };
    writer.put(wispr::BANDWIDTH_MAX_UP, bits_per_second(limit.rate.up))?;
    writer.put(wispr::BANDWIDTH_MAX_DOWN, bits_per_second(limit.rate.down))
}

/// A fixed address, or else a pool to take one from.
pub(crate) fn write_address(grant: &Grant, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    match (grant.framed_ip, &grant.pool) {
        (Some(address), _) => writer.put(rfc2865::FRAMED_IP_ADDRESS, address),
        (None, Some(pool)) => writer.put(rfc2869::FRAMED_POOL, pool.as_str()),
        (None, None) => Ok(()),
    }
}

/// Seconds between interim updates, as the RFC allows them.
pub(crate) fn interim_interval(grant: &Grant) -> u32 {
    grant.interim_seconds.max(INTERIM_SECONDS_MIN)
}

/// WISPr counts in 32 bits: more than about 4.29 Gbit/s is said as that.
fn bits_per_second(speed: Bps) -> u32 {
    u32::try_from(speed.get()).unwrap_or(u32::MAX)
}
