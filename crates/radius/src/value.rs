//! Values as attributes carry them: text, numbers, addresses, tagged ones (RFC 2865 §5, 2868 §3, 3162 §2, 8044 §3).
//!
//! The marks of [`dictionaries::kind`] learn here how they are read and written. A value of the wrong length is not
//! readable as its kind; it never makes a packet malformed.

use std::net::{Ipv4Addr, Ipv6Addr};

use dictionaries::kind;

use crate::password::Hidden;
use crate::salted::Salted;

mod prefix;
mod text;

pub use prefix::{Ipv4Prefix, Ipv6Prefix};
pub use text::Text;

/// How one kind of value is read and written.
pub trait Value {
    /// What a reader gets; borrows from the packet.
    type Read<'a>;
    /// What a writer gives.
    type Write<'a>;

    /// Reads a value, if the octets can be one of this kind.
    fn read(octets: &[u8]) -> Option<Self::Read<'_>>;

    /// Writes a value to the front of `into` and tells how many octets it took; nothing, if it does not fit.
    fn write(value: Self::Write<'_>, into: &mut [u8]) -> Option<usize>;
}

/// Copies octets to the front of `into`.
pub(crate) fn copy(octets: &[u8], into: &mut [u8]) -> Option<usize> {
    into.get_mut(..octets.len())?.copy_from_slice(octets);
    Some(octets.len())
}

/// A value that may belong to a group of attributes (RFC 2868 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tagged<V> {
    /// The group, 1–31; 0 is no group.
    pub tag: u8,
    /// The value itself.
    pub value: V,
}

/// The highest octet that is a tag; above it text begins (RFC 2868 §3.3).
const TAG_MAX: u8 = 0x1F;

impl Value for kind::Text {
    type Read<'a> = Text<'a>;
    type Write<'a> = &'a str;

    fn read(octets: &[u8]) -> Option<Text<'_>> {
        Some(Text::from(octets))
    }

    fn write(value: &str, into: &mut [u8]) -> Option<usize> {
        copy(value.as_bytes(), into)
    }
}

impl Value for kind::Octets {
    type Read<'a> = &'a [u8];
    type Write<'a> = &'a [u8];

    fn read(octets: &[u8]) -> Option<&[u8]> {
        Some(octets)
    }

    fn write(value: &[u8], into: &mut [u8]) -> Option<usize> {
        copy(value, into)
    }
}

/// Values that are a fixed row of octets.
macro_rules! fixed {
    ($($kind:ident: $type:ty, $read:expr, $write:expr;)+) => {
        $(impl Value for kind::$kind {
            type Read<'a> = $type;
            type Write<'a> = $type;

            fn read(octets: &[u8]) -> Option<$type> {
                octets.try_into().ok().map($read)
            }

            fn write(value: $type, into: &mut [u8]) -> Option<usize> {
                copy(&$write(value), into)
            }
        })+
    };
}

fixed! {
    Integer: u32, u32::from_be_bytes, u32::to_be_bytes;
    Integer64: u64, u64::from_be_bytes, u64::to_be_bytes;
    Date: u32, u32::from_be_bytes, u32::to_be_bytes;
    Byte: u8, u8::from_be_bytes, u8::to_be_bytes;
    Short: u16, u16::from_be_bytes, u16::to_be_bytes;
    Ipv4: Ipv4Addr, |octets: [u8; 4]| Ipv4Addr::from(octets), |address: Ipv4Addr| address.octets();
    Ipv6: Ipv6Addr, |octets: [u8; 16]| Ipv6Addr::from(octets), |address: Ipv6Addr| address.octets();
    InterfaceId: [u8; 8], |octets: [u8; 8]| octets, |octets: [u8; 8]| octets;
}

impl Value for kind::Ipv6Prefix {
    type Read<'a> = Ipv6Prefix;
    type Write<'a> = Ipv6Prefix;

    fn read(octets: &[u8]) -> Option<Ipv6Prefix> {
        Ipv6Prefix::read(octets)
    }

    fn write(value: Ipv6Prefix, into: &mut [u8]) -> Option<usize> {
        value.write(into)
    }
}

impl Value for kind::Ipv4Prefix {
    type Read<'a> = Ipv4Prefix;
    type Write<'a> = Ipv4Prefix;

    fn read(octets: &[u8]) -> Option<Ipv4Prefix> {
        Ipv4Prefix::read(octets)
    }

    fn write(value: Ipv4Prefix, into: &mut [u8]) -> Option<usize> {
        value.write(into)
    }
}

impl Value for kind::TaggedText {
    type Read<'a> = Tagged<Text<'a>>;
    type Write<'a> = Tagged<&'a str>;

    fn read(octets: &[u8]) -> Option<Tagged<Text<'_>>> {
        Some(match octets.split_first() {
            Some((&tag, text)) if tag <= TAG_MAX => Tagged { tag, value: Text::from(text) },
            Some(_) | None => Tagged { tag: 0, value: Text::from(octets) },
        })
    }

    /// Tag 0 writes no tag octet: some NAS would take it for text.
    fn write(value: Tagged<&str>, into: &mut [u8]) -> Option<usize> {
        match value.tag {
            0 => copy(value.value.as_bytes(), into),
            tag @ 1..=TAG_MAX => {
                let (first, rest) = into.split_first_mut()?;
                *first = tag;
                Some(1 + copy(value.value.as_bytes(), rest)?)
            }
            _ => None,
        }
    }
}

impl Value for kind::TaggedInteger {
    type Read<'a> = Tagged<u32>;
    type Write<'a> = Tagged<u32>;

    fn read(octets: &[u8]) -> Option<Tagged<u32>> {
        let [tag, high, middle, low] = *octets else { return None };
        Some(Tagged { tag, value: u32::from_be_bytes([0, high, middle, low]) })
    }

    fn write(value: Tagged<u32>, into: &mut [u8]) -> Option<usize> {
        match value.value.to_be_bytes() {
            [0, high, middle, low] => copy(&[value.tag, high, middle, low], into),
            _ => None,
        }
    }
}

impl Value for kind::Hidden {
    type Read<'a> = Hidden<'a>;
    type Write<'a> = Hidden<'a>;

    fn read(octets: &[u8]) -> Option<Hidden<'_>> {
        Hidden::read(octets)
    }

    fn write(value: Hidden<'_>, into: &mut [u8]) -> Option<usize> {
        copy(value.octets(), into)
    }
}

impl Value for kind::Salted {
    type Read<'a> = Salted<'a>;
    type Write<'a> = Salted<'a>;

    fn read(octets: &[u8]) -> Option<Salted<'_>> {
        Salted::read(octets)
    }

    fn write(value: Salted<'_>, into: &mut [u8]) -> Option<usize> {
        copy(value.octets(), into)
    }
}

#[cfg(test)]
mod tests {
    use dictionaries::kind;

    use super::{Tagged, Text, Value};

    fn round<T: Value>(value: T::Write<'_>, expected: &[u8]) {
        let mut buffer = [0; 253];
        let length = T::write(value, &mut buffer).unwrap();
        assert_eq!(&buffer[..length], expected);
        assert!(T::read(&buffer[..length]).is_some());
    }

    #[test]
    fn numbers_are_written_highest_octet_first() {
        round::<kind::Integer>(3600, &[0, 0, 0x0E, 0x10]);
        round::<kind::Integer64>(1 << 32, &[0, 0, 0, 1, 0, 0, 0, 0]);
        round::<kind::Short>(258, &[1, 2]);
        round::<kind::Byte>(7, &[7]);
        round::<kind::Ipv4>([10, 0, 0, 1].into(), &[10, 0, 0, 1]);
    }

    #[test]
    fn a_value_of_the_wrong_length_is_not_readable() {
        assert_eq!(kind::Integer::read(&[0, 0, 1]), None);
        assert_eq!(kind::Ipv4::read(&[10, 0, 0, 1, 0]), None);
        assert_eq!(kind::TaggedInteger::read(&[]), None);
    }

    #[test]
    fn a_first_octet_above_the_tags_belongs_to_the_text() {
        assert_eq!(kind::TaggedText::read(b"12"), Some(Tagged { tag: 0, value: Text::from(&b"12"[..]) }));
        assert_eq!(kind::TaggedText::read(b"\x0112"), Some(Tagged { tag: 1, value: Text::from(&b"12"[..]) }));
        assert_eq!(kind::TaggedText::read(b""), Some(Tagged { tag: 0, value: Text::from(&b""[..]) }));
        round::<kind::TaggedText>(Tagged { tag: 0, value: "12" }, b"12");
        round::<kind::TaggedText>(Tagged { tag: 1, value: "12" }, b"\x0112");
    }

    #[test]
    fn a_tagged_number_has_three_octets_and_refuses_more() {
        round::<kind::TaggedInteger>(Tagged { tag: 1, value: 13 }, &[1, 0, 0, 13]);
        assert_eq!(kind::TaggedInteger::write(Tagged { tag: 1, value: 1 << 24 }, &mut [0; 9]), None);
    }
}
