//! A [`Grant`] in the words of a router's vendor.

use std::fmt::Write;

use dictionaries::{Kind, lookup, rfc2865};
use domain::access::grant::Grant;
use domain::network::nas::Vendor;
use radius::value::Value;
use radius::{PACKET_MAX, Packet, Place, Secret, WriteError, Writer};

use crate::{generic, mikrotik};

pub use crate::reply_message::{bare_message, reply_message};

/// Writes the attributes of an Access-Accept. Allocates nothing.
///
/// Fails when the packet has no room for them; what was written by then says too little, so it must not be sent.
pub fn write_grant(vendor: Vendor, grant: &Grant, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    match vendor {
        Vendor::Mikrotik => mikrotik::write_grant(grant, writer),
        Vendor::Generic => generic::write_grant(grant, writer),
    }
}

/// The attributes of [`write_grant`] as an operator reads them, without our own key: `Session-Timeout=3600, …`.
pub fn describe(vendor: Vendor, grant: &Grant) -> String {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::Absent);
    let told = write_grant(vendor, grant, &mut writer);
    // The octets are read back, so that the words cannot differ from what the router gets.
    let mut words = Packet::parse(writer.finish(&Secret::new(b""))).map(|packet| in_words(&packet)).unwrap_or_default();
    if told.is_err() {
        words.push_str(" (more does not fit)");
    }
    words
}

fn in_words(packet: &Packet<'_>) -> String {
    let mut words = String::new();
    for attribute in packet.attributes().filter(|one| one.number != rfc2865::CLASS.number) {
        let (vendor, number, value) = match attribute.value {
            [a, b, c, d, number, _, value @ ..] if attribute.number == rfc2865::VENDOR_SPECIFIC.number => {
                (u32::from_be_bytes([*a, *b, *c, *d]), *number, value)
            }
            value => (0, attribute.number, value),
        };
        let separator = if words.is_empty() { "" } else { ", " };
        let name = lookup::by_number(vendor, number).map_or("?", |known| known.name);
        write!(words, "{separator}{name}={}", value_in_words(vendor, number, value))
            .expect("invariant: a String takes all that is written");
    }
    words
}

fn value_in_words(vendor: u32, number: u8, value: &[u8]) -> String {
    let kind = lookup::by_number(vendor, number).map(|known| known.kind);
    let read = match kind {
        Some(Kind::Integer) => dictionaries::kind::Integer::read(value).map(|number| number.to_string()),
        Some(Kind::Ipv4) => dictionaries::kind::Ipv4::read(value).map(|address| address.to_string()),
        Some(_) | None => None,
    };
    read.unwrap_or_else(|| domain::text::escaped(value))
}

#[cfg(test)]
mod tests;
