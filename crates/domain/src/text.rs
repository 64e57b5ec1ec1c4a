//! Short texts with a rule: parsed once, then trusted.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A name for people and machines in lower case: `home-10`, `demo`. 1 to 63 of `a-z 0-9 -`, no dash at an end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slug(String);

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let inside = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if (1..=63).contains(&text.len()) && inside && !text.starts_with('-') && !text.ends_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotASlug(shown(text)))
        }
    }
}

/// A name that RouterOS knows a thing by (an address pool, an address list): 1 to 64 printable ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RouterName(String);

impl RouterName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RouterName {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let inside = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if (1..=64).contains(&text.len()) && inside && text.trim() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotARouterName(shown(text)))
        }
    }
}

/// A stranger's octets as they may be shown: at most 80 characters, control characters and bad UTF-8 escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len().min(80));
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}') {
                shown.extend(character.escape_unicode());
            } else {
                shown.push(character);
            }
            if shown.len() >= 80 {
                shown.push('…');
                return shown;
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// The octets that were shown by [`escaped`]; `None` when the text was cut, so that not all of them are known.
pub fn unescaped(text: &str) -> Option<Vec<u8>> {
    if text.ends_with('…') {
        return None;
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        octets.extend_from_slice(plain.as_bytes());
        rest = match read_escape(escape, &mut octets) {
            Some(after) => after,
            // A backslash of the text's own.
            None => {
                octets.push(b'\\');
                escape
            }
        };
    }
    octets.extend_from_slice(rest.as_bytes());
    Some(octets)
}

/// Reads what follows a backslash, and returns what follows that.
fn read_escape<'a>(escape: &'a str, octets: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(hex) = escape.strip_prefix('x') {
        let (digits, after) = (hex.get(..2)?, hex.get(2..)?);
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        return Some(after);
    }
    let (digits, after) = escape.strip_prefix("u{")?.split_once('}')?;
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    octets.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(after)
}

fn shown(text: &str) -> String {
    escaped(text.as_bytes())
}

/// Why a text is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// Not a [`Slug`].
    #[error("`{0}` is not a short name: use 1 to 63 of a-z, 0-9 and dashes, as home-10")]
    NotASlug(String),
    /// Not a [`RouterName`].
    #[error("`{0}` is not a name a router can have: use 1 to 64 plain characters without spaces at the ends")]
    NotARouterName(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_escaped() {
        assert_eq!(escaped(b"a\n\x1b[31m\xff\0"), "a\\u{a}\\u{1b}[31m\\xff\\u{0}");
    }

    #[test]
    fn what_was_shown_escaped_is_read_again() {
        for octets in [&b"house-12"[..], b"a\n\x1b[31m\xff\0", "m\u{e9}l\u{200b}".as_bytes(), b"back\\slash", b""] {
            assert_eq!(unescaped(&escaped(octets)).as_deref(), Some(octets));
        }
        assert_eq!(unescaped(&escaped(&[b'x'; 200])), None);
    }

    #[test]
    fn a_long_text_is_cut_when_shown() {
        assert!(escaped(&[b'x'; 4_000]).len() < 100);
    }

    #[test]
    fn capitals_and_loose_dashes_are_not_slugs() {
        for text in ["", "Home", "-a", "a-", "a b", "é"] {
            assert!(text.parse::<Slug>().is_err(), "{text}");
        }
    }
}
