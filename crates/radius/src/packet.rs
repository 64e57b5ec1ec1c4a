//! A received packet, looked at where it lies (RFC 2865 §3, 2866 §3).
//!
//! Bounds are checked once, in [`Packet::parse`]; afterwards every look is a walk over octets known to be there. That
//! a packet parses says nothing about who sent it: see [`crate::authenticator`] and [`crate::message_authenticator`].

use std::fmt;

use dictionaries::Attribute;
use thiserror::Error;

use crate::attributes::{Attributes, Occurrences, VENDOR_SPECIFIC, Values, VendorAttributes, split_attribute};
use crate::code::Code;
use crate::value::Value;

/// Octets before the first attribute: code, identifier, length, authenticator.
pub const HEADER_LENGTH: usize = 20;

/// The longest packet the protocol allows, in octets.
pub const PACKET_MAX: usize = 4096;

/// Message-Authenticator's number; the codec itself reads and writes it.
pub(crate) const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Octets of a Message-Authenticator with its header.
pub(crate) const MESSAGE_AUTHENTICATOR_LENGTH: usize = 18;

/// A packet whose bounds are right, borrowed from the datagram it came in.
///
/// `Debug` leaves the attributes out: they hold names and proofs of passwords.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    code: Code,
    id: u8,
    authenticator: &'a [u8; 16],
    summary: Summary,
}

/// What one walk over the attributes has found.
#[derive(Clone, Copy)]
struct Summary {
    message_authenticator_at: Option<usize>,
    /// The numbers that are there, a bit each: most questions are about attributes that are not.
    present: [u64; 4],
    /// The numbers that are there more than once.
    repeated: [u64; 4],
    /// Where the first attribute of each of the smaller numbers begins; 0 where it is not there or begins too late for an
    /// octet. So most questions need no walk.
    begins: [u8; BEGINS],
}

/// Numbers whose first attribute is found without a walk. All that routers send often are below it.
const BEGINS: usize = 96;

impl Summary {
    fn has(set: &[u64; 4], number: u8) -> bool {
        set[usize::from(number >> 6)] & bit(number) != 0
    }

    const EMPTY: Self = Self { message_authenticator_at: None, present: [0; 4], repeated: [0; 4], begins: [0; BEGINS] };

    fn note(&mut self, number: u8, at: usize) {
        let word = usize::from(number >> 6);
        if self.present[word] & bit(number) != 0 {
            self.repeated[word] |= bit(number);
            return;
        }
        self.present[word] |= bit(number);
        if let (Some(begins), Ok(at)) = (self.begins.get_mut(usize::from(number)), u8::try_from(at)) {
            *begins = at;
        }
    }
}

const fn bit(number: u8) -> u64 {
    1 << (number & 63)
}

impl<'a> Packet<'a> {
    /// Checks a datagram's bounds. Octets past the packet's own Length are padding and ignored.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let Some(([code, id, length_high, length_low, authenticator @ ..], _)) =
            datagram.split_first_chunk::<HEADER_LENGTH>()
        else {
            return Err(Malformed::TooShort);
        };
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        if !(HEADER_LENGTH..=PACKET_MAX).contains(&length) {
            return Err(Malformed::LengthOutOfRange);
        }
        let bytes = datagram.get(..length).ok_or(Malformed::Truncated)?;
        let summary = check_attributes(&bytes[HEADER_LENGTH..])?;
        Ok(Self { bytes, code: Code::from(*code), id: *id, authenticator, summary })
    }

    /// What the packet is for.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The number that joins a reply to its request.
    pub fn id(&self) -> u8 {
        self.id
    }

    /// The sixteen octets of the Authenticator field.
    pub fn authenticator(&self) -> &'a [u8; 16] {
        self.authenticator
    }

    /// The packet as it came, without padding.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// All attributes, in their order; Vendor-Specific ones whole.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(&self.bytes[HEADER_LENGTH..], HEADER_LENGTH)
    }

    /// The attributes from the first of a number on, or from before it.
    pub(crate) fn attributes_from(&self, number: u8) -> Attributes<'a> {
        let noted = self.summary.begins.get(usize::from(number)).copied().map(usize::from).unwrap_or(0);
        let begins = noted.max(HEADER_LENGTH);
        Attributes::new(self.bytes.get(begins..).unwrap_or_default(), begins)
    }

    /// All vendors' attributes, in their order; a Vendor-Specific that holds several gives several.
    pub fn vendor_attributes(&self) -> VendorAttributes<'a> {
        let all =
            if self.has(VENDOR_SPECIFIC) { self.attributes_from(VENDOR_SPECIFIC) } else { Attributes::new(&[], 0) };
        VendorAttributes::new(all)
    }

    /// The raw values of every instance of an attribute, in their order.
    pub fn raw<T>(&self, attribute: Attribute<T>) -> Occurrences<'a> {
        Occurrences::new(self, attribute.vendor, attribute.number)
    }

    /// The values of every instance of an attribute that can be read as its kind, in their order.
    pub fn all<T: Value>(&self, attribute: Attribute<T>) -> Values<'a, T> {
        Values::new(self.raw(attribute))
    }

    /// The first readable value of an attribute.
    pub fn get<T: Value>(&self, attribute: Attribute<T>) -> Option<T::Read<'a>> {
        self.all(attribute).next()
    }

    /// How often an attribute stands in the packet, readable or not.
    pub fn count<T>(&self, attribute: Attribute<T>) -> usize {
        self.raw(attribute).count()
    }

    /// Whether attributes of this number are there, vendors' aside.
    pub fn has(&self, number: u8) -> bool {
        Summary::has(&self.summary.present, number)
    }

    /// Whether more than one attribute of this number is there, vendors' aside.
    pub fn repeats(&self, number: u8) -> bool {
        Summary::has(&self.summary.repeated, number)
    }

    /// Whether a Message-Authenticator is there. Whether it is right is for [`crate::message_authenticator`].
    pub fn has_message_authenticator(&self) -> bool {
        self.summary.message_authenticator_at.is_some()
    }

    /// Where the Message-Authenticator's header begins, counted from the packet's first octet.
    pub(crate) fn message_authenticator_at(&self) -> Option<usize> {
        self.summary.message_authenticator_at
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Packet({} id {}, {} octets)", self.code.name(), self.id, self.bytes.len())
    }
}

/// Walks the attributes to their exact end, finds the Message-Authenticator, and notes what is there.
fn check_attributes(attributes: &[u8]) -> Result<Summary, Malformed> {
    let mut summary = Summary::EMPTY;
    let mut rest = attributes;
    while !rest.is_empty() {
        let (number, value, after) = split_attribute(rest)?;
        let at = HEADER_LENGTH + attributes.len() - rest.len();
        summary.note(number, at);
        if number == MESSAGE_AUTHENTICATOR {
            if value.len() + 2 != MESSAGE_AUTHENTICATOR_LENGTH {
                return Err(Malformed::MessageAuthenticatorLength);
            }
            if summary.message_authenticator_at.replace(at).is_some() {
                return Err(Malformed::MessageAuthenticatorRepeated);
            }
        }
        rest = after;
    }
    Ok(summary)
}

/// Why octets are not a packet. Such a datagram is dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Malformed {
    /// Fewer octets than a header has.
    #[error("datagram is shorter than a header")]
    TooShort,
    /// The Length field is below 20 or above 4096.
    #[error("length field is out of range")]
    LengthOutOfRange,
    /// The Length field promises more octets than came.
    #[error("datagram is shorter than its length field")]
    Truncated,
    /// An attribute's length is 0 or 1, or its header is cut in two.
    #[error("attribute is shorter than its header")]
    AttributeTooShort,
    /// An attribute goes on past the end of the packet.
    #[error("attribute runs past the end")]
    AttributeOverrun,
    /// Message-Authenticator is not 18 octets long (RFC 3579 §3.2).
    #[error("message-authenticator has the wrong length")]
    MessageAuthenticatorLength,
    /// More than one Message-Authenticator (RFC 3579 §3.2).
    #[error("message-authenticator is there twice")]
    MessageAuthenticatorRepeated,
}

impl Malformed {
    /// A fixed word for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::LengthOutOfRange => "length_out_of_range",
            Self::Truncated => "truncated",
            Self::AttributeTooShort => "attribute_too_short",
            Self::AttributeOverrun => "attribute_overrun",
            Self::MessageAuthenticatorLength => "message_authenticator_length",
            Self::MessageAuthenticatorRepeated => "message_authenticator_repeated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Packet};
    use crate::Code;

    fn packet(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 7, 0, u8::try_from(20 + attributes.len()).unwrap()];
        bytes.extend_from_slice(&[0xAA; 16]);
        bytes.extend_from_slice(attributes);
        bytes
    }

    #[test]
    fn a_header_alone_is_a_packet() {
        let bytes = packet(&[]);

        let parsed = Packet::parse(&bytes).unwrap();

        assert_eq!((parsed.code(), parsed.id(), parsed.attributes().count()), (Code::AccessRequest, 7, 0));
    }

    #[test]
    fn octets_past_the_length_are_ignored() {
        let mut bytes = packet(&[1, 3, b'a']);
        bytes.extend_from_slice(&[0xFF; 9]);

        let parsed = Packet::parse(&bytes).unwrap();

        assert_eq!(parsed.as_bytes().len(), 23);
        assert_eq!(parsed.attributes().count(), 1);
    }

    #[test]
    fn every_cut_of_a_packet_is_malformed() {
        let bytes = packet(&[1, 3, b'a', 4, 6, 10, 0, 0, 1]);

        for length in 0..bytes.len() {
            let expected = if length < 20 { Malformed::TooShort } else { Malformed::Truncated };
            assert_eq!(Packet::parse(&bytes[..length]).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_length_outside_20_to_4096_is_malformed() {
        for length in [0_u16, 19, 4097, u16::MAX] {
            let mut bytes = vec![0; 70_000];
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            assert_eq!(Packet::parse(&bytes).unwrap_err(), Malformed::LengthOutOfRange);
        }
    }

    #[test]
    fn attributes_must_fill_the_packet_exactly() {
        for (attributes, expected) in [
            (&[1_u8, 0][..], Malformed::AttributeTooShort),
            (&[1, 1], Malformed::AttributeTooShort),
            (&[1], Malformed::AttributeTooShort),
            (&[1, 3], Malformed::AttributeOverrun),
            (&[1, 2, 1, 255, 0], Malformed::AttributeOverrun),
        ] {
            assert_eq!(Packet::parse(&packet(attributes)).unwrap_err(), expected, "{attributes:?}");
        }
    }

    #[test]
    fn two_message_authenticators_are_malformed_and_so_is_a_short_one() {
        let one = [&[80, 18][..], &[0; 16]].concat();

        assert!(Packet::parse(&packet(&one)).unwrap().has_message_authenticator());
        assert_eq!(
            Packet::parse(&packet(&[&one[..], &one].concat())).unwrap_err(),
            Malformed::MessageAuthenticatorRepeated
        );
        assert_eq!(Packet::parse(&packet(&[80, 3, 0])).unwrap_err(), Malformed::MessageAuthenticatorLength);
    }
}
