//! Text as the field sends it.

use std::fmt;

/// Octets that are meant to be text.
///
/// The protocol asks for UTF-8 without a closing NUL (RFC 8044 §3.4). The field sends other things, and a name must
/// not vanish because of it: the octets are always there, [`Text::as_str`] only when they are UTF-8.
/// Two texts are equal when their octets are, closing NULs aside.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    octets: &'a [u8],
}

impl<'a> Text<'a> {
    /// The octets exactly as they came, for echoing and hashing.
    pub fn as_raw(&self) -> &'a [u8] {
        self.octets
    }

    /// The octets without closing NULs, for comparing.
    pub fn as_bytes(&self) -> &'a [u8] {
        let mut octets = self.octets;
        while let [front @ .., 0] = octets {
            octets = front;
        }
        octets
    }

    /// The text without closing NULs, if it is UTF-8.
    pub fn as_str(&self) -> Option<&'a str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// Whether nothing but NULs is there.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self { octets }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// Shows what is not UTF-8 as replacement characters.
impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.as_bytes().utf8_chunks() {
            formatter.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                formatter.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.octets.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn closing_nuls_do_not_count_when_comparing() {
        let text = Text::from(&b"alice\0\0"[..]);

        assert_eq!(text, "alice");
        assert_eq!(text.as_str(), Some("alice"));
        assert_eq!(text.as_raw(), b"alice\0\0");
    }

    #[test]
    fn a_name_that_is_not_utf8_is_still_there() {
        let text = Text::from(&b"Andr\xE9 A"[..]);

        assert_eq!(text.as_str(), None);
        assert_eq!(text.as_bytes(), b"Andr\xE9 A");
        assert_eq!(text.to_string(), "Andr\u{FFFD} A");
    }
}
