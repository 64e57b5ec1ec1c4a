//! An [`Order`] in the words of a router's vendor: CoA-Request and Disconnect-Request (RFC 5176), and what was answered.
//!
//! RouterOS finds a session by User-Name, Framed-IP-Address and Acct-Session-Id together; all that are given must match.
//! A hotspot session without Framed-IP-Address is not found at all.

use dictionaries::{mikrotik, rfc2865, rfc2866, rfc3576};
use domain::access::order::{Answer, Ask, Change, Name, Order};
use domain::network::nas::Vendor;
use domain::rate::Bytes;
use domain::sales::plan::PlanService;
use domain::text;
use radius::{Code, PACKET_MAX, Packet, Place, WriteError, Writer};

use crate::{generic, mikrotik as routeros};

/// From which moment a router counts the seconds of a Session-Timeout that it is told by CoA.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TimeoutFrom {
    /// From the session's beginning, as RFC 2865 §5.27 has it. Where a router counts from now all the same, the session
    /// is not ended too early, and it is cut at its end anyway.
    #[default]
    Start,
    /// From the moment at which it is told.
    Now,
}

/// Error-Cause 503 (RFC 5176 §3.5): the router does not know the session.
const SESSION_NOT_FOUND: u32 = 503;

/// More than anybody moves in one session: a pebibyte.
const ENDLESS: Bytes = Bytes::new(1 << 50);

/// Begins the request for an order and writes all of it.
pub fn request<'b>(
    vendor: Vendor,
    order: &Order,
    from: TimeoutFrom,
    id: u8,
    buffer: &'b mut [u8; PACKET_MAX],
) -> Result<Writer<'b>, WriteError> {
    // A router may take a signature for an attribute that it does not know (RFC 5176 §3.4 asks for none).
    let mut writer = match order.ask {
        Ask::Change(_) => Writer::coa_request(buffer, id, Place::Absent),
        Ask::Disconnect(_) => Writer::disconnect_request(buffer, id, Place::Absent),
    };
    name(&order.name, &mut writer)?;
    if let Ask::Change(change) = &order.ask {
        terms(vendor, order, change, from, &mut writer)?;
    }
    Ok(writer)
}

fn name(name: &Name, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    // A name that was too long to be kept whole would match nothing.
    if let Some(user_name) = text::unescaped(&name.user_name) {
        writer.put_octets(rfc2865::USER_NAME, &user_name)?;
    }
    if let Some(address) = name.framed_ip {
        writer.put(rfc2865::FRAMED_IP_ADDRESS, address)?;
    }
    if let Some(number) = name.acct_session_id.as_deref().and_then(text::unescaped) {
        writer.put_octets(rfc2866::ACCT_SESSION_ID, &number)?;
    }
    Ok(())
}

fn terms(
    vendor: Vendor,
    order: &Order,
    change: &Change,
    from: TimeoutFrom,
    writer: &mut Writer<'_>,
) -> Result<(), WriteError> {
    let Change { grant, parts, told: _ } = change;
    if parts.time {
        let already = match from {
            TimeoutFrom::Start => order.online_seconds,
            TimeoutFrom::Now => 0,
        };
        // One that has no end any more is told the longest that there is: nothing would leave the old end in force.
        let seconds = grant.seconds_left.map_or(u64::MAX, |left| left.saturating_add(already));
        writer.put(rfc2865::SESSION_TIMEOUT, longest(vendor, seconds))?;
    }
    match vendor {
        Vendor::Mikrotik => {
            if parts.rate {
                routeros::write_rate(grant.rate.as_ref(), writer)?;
            }
            if parts.data {
                // Its limits are about the whole session. One that has none any more is told one that nobody reaches.
                let limit = grant.data_left.map_or(ENDLESS, |left| left.plus(order.moved));
                routeros::write_limits(limit, grant.service, writer)?;
            }
            if parts.list
                && let Some(list) = &grant.address_list
            {
                writer.put(mikrotik::ADDRESS_LIST, list.as_str())?;
            }
        }
        Vendor::Generic => {
            if parts.rate {
                generic::write_rate(grant.rate.as_ref(), writer)?;
            }
        }
    }
    if parts.cap && grant.service == PlanService::Hotspot {
        writer.put(rfc2865::PORT_LIMIT, u32::from(grant.device_cap.get()))?;
    }
    Ok(())
}

fn longest(vendor: Vendor, seconds: u64) -> u32 {
    let longest = match vendor {
        Vendor::Mikrotik => routeros::SESSION_SECONDS_MAX,
        Vendor::Generic => generic::SESSION_SECONDS_MAX,
    };
    u32::try_from(seconds).unwrap_or(u32::MAX).clamp(1, longest)
}

/// What a reply to such a request says. A bare acknowledgement is one too.
pub fn answer(reply: &Packet<'_>) -> Answer {
    if matches!(reply.code(), Code::CoaAck | Code::DisconnectAck) {
        return Answer::Done;
    }
    match reply.get(rfc3576::ERROR_CAUSE) {
        Some(SESSION_NOT_FOUND) => Answer::NoSuchSession,
        cause => Answer::Refused(cause),
    }
}

#[cfg(test)]
mod tests;
