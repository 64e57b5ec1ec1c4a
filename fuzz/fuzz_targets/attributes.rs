//! Any octets as the value of every attribute of the dictionaries: read it as its kind, write it again, read the same.
//!
//! The first two octets choose the attribute, the rest is its value.
#![no_main]

use dictionaries::{Attribute, Definition, Kind, kind, lookup};
use libfuzzer_sys::fuzz_target;
use radius::value::Value;
use radius::{PACKET_MAX, Packet, Place, Secret, Writer};

fuzz_target!(|input: &[u8]| {
    let Some(([high, low], value)) = input.split_first_chunk::<2>() else { return };
    let all = lookup::all();
    let definition = &all[usize::from(u16::from_be_bytes([*high, *low])) % all.len()];
    let secret = Secret::new(b"testing123");
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], Place::Last);
    let raw: Attribute<kind::Octets> = Attribute::new(definition.vendor, definition.number, definition.name);
    if writer.put(raw, value).is_err() {
        return;
    }
    let packet = Packet::parse(writer.finish(&secret)).expect("what we write, we read");
    // Vendor-Specific by number gives a vendor's attribute or nothing: its value is not its own.
    if (definition.vendor, definition.number) != (0, 26) {
        assert_eq!(packet.raw(raw).next(), Some(value));
    }
    read(definition, &packet, &secret);
});

fn read(definition: &Definition, packet: &Packet<'_>, secret: &Secret) {
    match definition.kind {
        Kind::Text => {
            if let Some(text) = get::<kind::Text>(definition, packet) {
                let _ = (text.to_string(), format!("{text:?}"), text.is_empty());
                if let Some(text) = text.as_str() {
                    assert_eq!(get_again::<kind::Text>(text).map(|again| again == *text.as_bytes()), Some(true));
                }
            }
        }
        Kind::Octets => drop(get::<kind::Octets>(definition, packet)),
        Kind::Integer => same_again::<kind::Integer>(definition, packet),
        Kind::Integer64 => same_again::<kind::Integer64>(definition, packet),
        Kind::Ipv4 => same_again::<kind::Ipv4>(definition, packet),
        Kind::Ipv6 => same_again::<kind::Ipv6>(definition, packet),
        Kind::Ipv6Prefix => same_again::<kind::Ipv6Prefix>(definition, packet),
        Kind::Ipv4Prefix => same_again::<kind::Ipv4Prefix>(definition, packet),
        Kind::InterfaceId => same_again::<kind::InterfaceId>(definition, packet),
        Kind::Date => same_again::<kind::Date>(definition, packet),
        Kind::Byte => same_again::<kind::Byte>(definition, packet),
        Kind::Short => same_again::<kind::Short>(definition, packet),
        Kind::TaggedText => drop(get::<kind::TaggedText>(definition, packet)),
        Kind::TaggedInteger => same_again::<kind::TaggedInteger>(definition, packet),
        Kind::Hidden => {
            if let Some(hidden) = get::<kind::Hidden>(definition, packet) {
                let password = hidden.reveal(secret, packet.authenticator());
                let _ = (password.looks_like_text(), password.equals(b"password"));
            }
        }
        Kind::Salted => {
            if let Some(salted) = get::<kind::Salted>(definition, packet)
                && let Some(key) = salted.reveal(secret, packet.authenticator())
            {
                assert!(key.as_bytes().len() < salted.octets().len());
            }
        }
    }
}

fn get<'a, T: Value>(definition: &Definition, packet: &Packet<'a>) -> Option<T::Read<'a>> {
    packet.get(Attribute::<T>::new(definition.vendor, definition.number, definition.name))
}

fn get_again<T: Value>(value: T::Write<'_>) -> Option<Vec<u8>> {
    let mut place = [0; 253];
    let length = T::write(value, &mut place)?;
    Some(place[..length].to_vec())
}

/// What was read, written and read again is the same.
fn same_again<T>(definition: &Definition, packet: &Packet<'_>)
where
    T: for<'v> Value<Read<'v>: std::fmt::Debug + Copy + Into<T::Write<'v>>>,
{
    let Some(value) = get::<T>(definition, packet) else { return };
    let octets = get_again::<T>(value.into()).expect("what was read can be written");
    let again = T::read(&octets).expect("what was written can be read");
    assert_eq!(format!("{again:?}"), format!("{value:?}"));
}
