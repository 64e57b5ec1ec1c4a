//! Languages of what is said to people.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A language by its code of two or three small letters (ISO 639): `en`, `sw`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Language(String);

impl Language {
    /// English: what is said where nobody has chosen another.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// Swahili.
    pub fn swahili() -> Self {
        Self("sw".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = NotALanguage;
    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let good = (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase());
        if good { Ok(Self(text.to_owned())) } else { Err(NotALanguage) }
    }
}

/// The text is no code of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a language: write its code of two or three small letters, as en or sw")]
pub struct NotALanguage;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_two_or_three_small_letters() {
        assert_eq!("sw".parse(), Ok(Language::swahili()));
        assert_eq!("luo".parse::<Language>().map(|one| one.to_string()), Ok("luo".to_owned()));
        for bad in ["", "e", "EN", "en-GB", "e1", "engl"] {
            assert_eq!(bad.parse::<Language>(), Err(NotALanguage), "{bad}");
        }
    }
}
