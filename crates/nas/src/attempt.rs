//! Access-Request → [`Attempt`].
//!
//! A hotspot's login form can put attributes of the browser's choice into a request. A request in which one that
//! names the router, the device or the line stands twice, or which claims two kinds of line, did not come so from a
//! router: it is dropped and counted.

use dictionaries::{Attribute, microsoft, mikrotik, rfc2865, rfc2869, wispr};
use domain::access::attempt::{Attempt, Device, Method};
use radius::Packet;
use radius::value::Text;
use thiserror::Error;

use crate::service::service_of;

/// Reads a request. Borrows from the packet; allocates only for a caller that is not a hardware address.
pub fn attempt<'a>(packet: &Packet<'a>) -> Result<Attempt<'a>, AttemptError> {
    refuse_injected(packet)?;
    let octets = |attribute| packet.get(attribute).map(|text: Text<'a>| text.as_bytes());
    Ok(Attempt {
        user_name: octets(rfc2865::USER_NAME).ok_or(AttemptError::NoUserName)?,
        device: Device::from_calling_station(octets(rfc2865::CALLING_STATION_ID)),
        service: service_of(packet),
        method: method_of(packet),
        framed_ip: packet.get(rfc2865::FRAMED_IP_ADDRESS),
        called_station: octets(rfc2865::CALLED_STATION_ID),
        nas_port_id: octets(rfc2869::NAS_PORT_ID),
        nas_identifier: octets(rfc2865::NAS_IDENTIFIER),
    })
}

/// Why a request is not an attempt. Such a request is dropped without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AttemptError {
    /// No User-Name (RFC 2865 §5.1 allows it; nobody could be found without one).
    #[error("the request has no User-Name")]
    NoUserName,
    /// An attribute that a router sends once, and that a browser added.
    #[error("`{attribute}` stands twice in the request, or contradicts the rest of it")]
    Injected {
        /// Its name.
        attribute: &'static str,
    },
}

impl AttemptError {
    /// A fixed word for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoUserName => "no_user_name",
            Self::Injected { .. } => "injected",
        }
    }
}

/// Numbers of an attribute that a router sends once: vendor, number, name.
struct Once(u32, u8, &'static str);

const fn once<T>(attribute: Attribute<T>) -> Once {
    Once(attribute.vendor, attribute.number, attribute.name)
}

/// What decides for whom and for what a request is.
const ONCE: [Once; 13] = [
    once(rfc2865::USER_NAME),
    once(rfc2865::NAS_IDENTIFIER),
    once(rfc2865::NAS_IP_ADDRESS),
    once(rfc2865::CALLING_STATION_ID),
    once(rfc2865::CALLED_STATION_ID),
    once(rfc2865::FRAMED_IP_ADDRESS),
    once(rfc2865::SERVICE_TYPE),
    once(rfc2865::FRAMED_PROTOCOL),
    once(rfc2869::NAS_PORT_ID),
    once(mikrotik::REALM),
    once(mikrotik::HOST_IP),
    once(wispr::LOCATION_ID),
    once(wispr::LOCATION_NAME),
];

fn refuse_injected(packet: &Packet<'_>) -> Result<(), AttemptError> {
    // A Vendor-Specific of vendor 0 is no vendor's, and nobody reads it.
    let is_twice = |Once(vendor, number, _): &&Once| match *vendor {
        0 => packet.repeats(*number),
        vendor => {
            packet.vendor_attributes().filter(|one| (one.vendor, one.number) == (vendor, *number)).nth(1).is_some()
        }
    };
    if let Some(Once(_, _, attribute)) = ONCE.iter().find(is_twice) {
        return Err(AttemptError::Injected { attribute });
    }
    // Only a hotspot knows an address before translation, and a hotspot never speaks PPP.
    if packet.count(rfc2865::FRAMED_PROTOCOL) > 0 && packet.count(mikrotik::HOST_IP) > 0 {
        return Err(AttemptError::Injected { attribute: rfc2865::FRAMED_PROTOCOL.name });
    }
    Ok(())
}

/// The one way in which a password is shown. Several at once prove nothing (RFC 2865 §4.1), nor does EAP here.
fn method_of(packet: &Packet<'_>) -> Method {
    let ms_chap = packet.count(microsoft::MS_CHAP_RESPONSE);
    let shown = [
        (packet.count(rfc2865::USER_PASSWORD), Method::Pap),
        (packet.count(rfc2865::CHAP_PASSWORD), Method::Chap),
        (ms_chap, Method::MsChapV1),
        (packet.count(microsoft::MS_CHAP2_RESPONSE), Method::MsChapV2),
    ];
    let is_one = shown.iter().map(|(count, _)| count).sum::<usize>() == 1;
    if !is_one || packet.count(rfc2869::EAP_MESSAGE) > 0 || (ms_chap > 0 && has_lan_manager_alone(packet)) {
        return Method::Nothing;
    }
    shown.into_iter().find(|(count, _)| *count == 1).map_or(Method::Nothing, |(_, method)| method)
}

/// The second octet of MS-CHAP-Response is 1 when the NT response counts (RFC 2548 §2.1.3).
fn has_lan_manager_alone(packet: &Packet<'_>) -> bool {
    packet.get(microsoft::MS_CHAP_RESPONSE).is_some_and(|response| response.get(1) == Some(&0))
}

#[cfg(test)]
mod tests;
