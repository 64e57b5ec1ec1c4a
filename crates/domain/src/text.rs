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
