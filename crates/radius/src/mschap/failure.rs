//! MS-CHAP-Error: why a login was refused, in words a Windows device understands (RFC 2548 §2.1.5, 2759 §6).

use std::fmt;

/// The numbers that devices know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorNumber {
    /// 646: not at this hour.
    RestrictedHours,
    /// 647: the account is disabled.
    Disabled,
    /// 648: the password is too old.
    PasswordExpired,
    /// 649: no right to dial in.
    NoPermission,
    /// 691: wrong name or password.
    WrongPassword,
}

impl ErrorNumber {
    const fn digits(self) -> &'static [u8; 3] {
        match self {
            Self::RestrictedHours => b"646",
            Self::Disabled => b"647",
            Self::PasswordExpired => b"648",
            Self::NoPermission => b"649",
            Self::WrongPassword => b"691",
        }
    }
}

/// The longest value of a vendor's attribute, in octets.
const VALUE_MAX: usize = 247;

/// The value of an MS-CHAP-Error attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    octets: [u8; VALUE_MAX],
    length: usize,
}

impl Failure {
    /// Says no without offering another try. `ident` is the login's; `challenge` is random.
    ///
    /// A message that is too long is cut at a character's end.
    pub fn new(ident: u8, number: ErrorNumber, challenge: &[u8; 16], message: &str) -> Self {
        let mut failure = Self { octets: [0; VALUE_MAX], length: 0 };
        failure.push(&[ident]);
        failure.push(b"E=");
        failure.push(number.digits());
        failure.push(b" R=0 C=");
        for octet in challenge {
            failure.push(&[super::v2::hexadecimal(octet >> 4), super::v2::hexadecimal(octet & 0xF)]);
        }
        failure.push(b" V=3 M=");
        let room = message.floor_char_boundary(VALUE_MAX - failure.length);
        failure.push(message.get(..room).unwrap_or_default().as_bytes());
        failure
    }

    /// The octets, 1–247, for `MS-CHAP-Error`.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    fn push(&mut self, octets: &[u8]) {
        if let Some(place) = self.octets.get_mut(self.length..self.length + octets.len()) {
            place.copy_from_slice(octets);
            self.length += octets.len();
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Failure(\"{}\")", self.as_bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorNumber, Failure};

    #[test]
    fn a_refusal_is_spelled_as_devices_expect() {
        let challenge =
            [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];

        let failure = Failure::new(0x2A, ErrorNumber::WrongPassword, &challenge, "Bad password");

        assert_eq!(failure.as_bytes(), b"\x2aE=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=Bad password");
    }

    #[test]
    fn a_message_that_is_too_long_is_cut_between_characters() {
        let failure = Failure::new(0, ErrorNumber::Disabled, &[0; 16], &"é".repeat(300));

        assert!(std::str::from_utf8(failure.as_bytes()).is_ok());
        assert!((246..=247).contains(&failure.as_bytes().len()));
    }
}
