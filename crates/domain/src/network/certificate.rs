//! A router's RadSec certificate as we remember it: enough to know it again and to take it back.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::{CertificateId, NasId, TenantId};
use crate::time::Timestamp;

/// SHA-256 over a certificate's DER octets: what it is recognised by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// A certificate's serial number: 16 octets of chance with the top bit clear, so that it is a positive number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Serial([u8; 16]);

impl Serial {
    /// A serial number from octets of chance. The top bits are set so that it is positive and always 16 octets long.
    pub const fn of_chance(mut octets: [u8; 16]) -> Self {
        octets[0] = (octets[0] & 0x7f) | 0x40;
        Self(octets)
    }

    /// The octets that a certificate or a row already carries.
    pub const fn from_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The octets, most significant first.
    pub const fn octets(self) -> [u8; 16] {
        self.0
    }
}

/// As people compare it with what a router shows: 32 hexadecimal digits.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Reads what [`Display`](fmt::Display) writes, in capitals as well, with or without colons between the octets.
impl FromStr for Serial {
    type Err = NotASerial;
    fn from_str(text: &str) -> Result<Self, NotASerial> {
        let digits: Vec<u8> = text.bytes().filter(|octet| *octet != b':').collect();
        let mut octets = [0; 16];
        if digits.len() != 2 * octets.len() {
            return Err(NotASerial);
        }
        for (octet, pair) in octets.iter_mut().zip(digits.chunks(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else { return Err(NotASerial) };
            *octet = high << 4 | low;
        }
        Ok(Self(octets))
    }
}

/// Not a [`Serial`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a serial number has 32 hexadecimal digits")]
pub struct NotASerial;

/// A certificate that was issued to a router. Its private key was given away and is not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// The ISP of the router.
    pub tenant: TenantId,
    /// The router.
    pub nas: NasId,
    /// Its serial number.
    pub serial: Serial,
    /// What it is recognised by.
    pub fingerprint: Fingerprint,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
    /// Since when it has been taken back, if it has.
    pub revoked_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_read_as_it_is_written() {
        let serial = Serial::of_chance([0xff; 16]);

        assert_eq!(serial.to_string(), format!("7f{}", "ff".repeat(15)));
        assert_eq!(serial.to_string().parse(), Ok(serial));
        assert_eq!(serial.to_string().to_uppercase().parse(), Ok(serial));
        assert_eq!(format!("7f{}", ":ff".repeat(15)).parse(), Ok(serial));
    }

    #[test]
    fn a_serial_of_chance_is_positive_and_never_shorter() {
        assert_eq!(Serial::of_chance([0; 16]).octets()[0], 0x40);
        assert_eq!(Serial::of_chance([0x80; 16]).octets()[0], 0x40);
    }

    #[test]
    fn other_texts_are_no_serials() {
        for text in ["", "7f", "tower-3", &"g".repeat(32), &"0".repeat(33), "é0000000000000000000000000000000"] {
            assert_eq!(text.parse::<Serial>(), Err(NotASerial), "{text}");
        }
    }
}
