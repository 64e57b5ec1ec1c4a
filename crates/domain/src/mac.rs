//! Hardware addresses: any spelling in, one out.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A 48-bit hardware address. Prints as RouterOS writes it: `AA:BB:CC:DD:EE:FF`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// The address with these six octets.
    pub const fn from_octets(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Its six octets.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// All the ways in which RouterOS may write it (`radius-mac-format`), in capitals and in small letters.
    pub fn spellings(self) -> impl Iterator<Item = String> {
        let digits = self.to_string().replace(':', "");
        let forms = [(2, ":"), (4, ":"), (6, ":"), (2, "-"), (6, "-"), (12, ""), (2, " ")];
        forms.into_iter().flat_map(move |(length, between)| {
            let parts: Vec<&str> = digits.as_bytes().chunks(length).flat_map(std::str::from_utf8).collect();
            let capitals = parts.join(between);
            [capitals.to_ascii_lowercase(), capitals]
        })
    }

    /// Reads twelve hexadecimal digits, separated or not by `:`, `-`, `.` or space in any grouping.
    ///
    /// RouterOS has seven spellings (`radius-mac-format`); all are read. DHCP client-ids (`1:0:e1:c:38:c8:f8`) are not:
    /// their leading zeros are gone, so two devices could look alike.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > 17 {
            return None;
        }
        let mut octets = [0_u8; 6];
        let mut digits = 0_usize;
        for &byte in text {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => byte - b'A' + 10,
                b':' | b'-' | b'.' | b' ' if digits > 0 && digits.is_multiple_of(2) => continue,
                _ => return None,
            };
            let octet = octets.get_mut(digits / 2)?;
            *octet = (*octet << 4) | digit;
            digits += 1;
        }
        (digits == 12).then_some(Self(octets))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a hardware address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a MAC address: write it as AA:BB:CC:DD:EE:FF")]
pub struct NotAMac;

impl FromStr for Mac {
    type Err = NotAMac;
    fn from_str(text: &str) -> Result<Self, NotAMac> {
        Self::parse(text.as_bytes()).ok_or(NotAMac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_routeros_is_one_address() {
        let wanted = Mac::from_octets([0xAA, 0xBB, 0xCC, 0x01, 0x02, 0x03]);

        for text in [
            "AA:BB:CC:01:02:03",
            "AABB:CC01:0203",
            "AABBCC:010203",
            "AA-BB-CC-01-02-03",
            "AABBCC-010203",
            "AABBCC010203",
            "AA BB CC 01 02 03",
            "aa:bb:cc:01:02:03",
        ] {
            assert_eq!(Mac::parse(text.as_bytes()), Some(wanted), "{text}");
        }
    }

    #[test]
    fn each_way_to_write_it_reads_back() {
        let mac = Mac::from_octets([0xAA, 0xBB, 0xCC, 0x01, 0x02, 0x03]);
        let spellings: Vec<String> = mac.spellings().collect();

        assert!(spellings.iter().all(|text| Mac::parse(text.as_bytes()) == Some(mac)), "{spellings:?}");
        for wanted in ["AA:BB:CC:01:02:03", "AABB:CC01:0203", "AABBCC-010203", "aabbcc010203", "aa bb cc 01 02 03"] {
            assert!(spellings.iter().any(|text| text == wanted), "{wanted}");
        }
    }

    #[test]
    fn what_is_not_twelve_digits_is_not_an_address() {
        for text in ["", "AA:BB:CC:01:02", "AA:BB:CC:01:02:03:04", "1:0:e1:c:38:c8:f8", "GG:BB:CC:01:02:03", ":::::"] {
            assert_eq!(Mac::parse(text.as_bytes()), None, "{text}");
        }
    }
}
