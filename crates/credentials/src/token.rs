//! Secrets of chance: what a browser keeps, what a program sends, what a mail holds. Only their SHA-256 is kept here.
//!
//! Thirty-two octets of chance need no slow hash: nobody guesses them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::secret::{Secret, SecretBytes};
use sha2::{Digest as _, Sha256};

/// Octets of chance.
pub const OCTETS: usize = 32;

/// How keys of programs begin, so that people and scanners recognise them.
pub const KEY_PREFIX: &str = "mnk_";

/// A secret of chance, and what is kept of it.
#[derive(Debug)]
pub struct Token {
    /// What is given away, as base64url: 43 characters.
    pub text: Secret<String>,
    /// What is kept.
    pub hash: [u8; 32],
}

impl Token {
    /// A secret of that chance.
    pub fn of(mut chance: [u8; OCTETS]) -> Self {
        let token = Self { text: Secret::new(URL_SAFE_NO_PAD.encode(chance)), hash: Sha256::digest(chance).into() };
        zeroize::Zeroize::zeroize(&mut chance);
        token
    }

    /// The same as a program's key: `mnk_…`.
    pub fn key_text(&self) -> Secret<String> {
        Secret::new(format!("{KEY_PREFIX}{}", self.text.expose()))
    }
}

/// The hash of a secret that somebody brought; `None` for what cannot be one.
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    let octets = SecretBytes::new(URL_SAFE_NO_PAD.decode(text.trim()).ok()?);
    (octets.expose().len() == OCTETS).then(|| Sha256::digest(octets.expose()).into())
}

/// The hash of words that are no secret, by which something is counted.
pub fn hash_of_words(words: &str) -> [u8; 32] {
    Sha256::digest(words.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_away_is_known_again_by_its_hash() {
        let token = Token::of([7; OCTETS]);

        assert_eq!(token.text.expose().len(), 43);
        assert_eq!(hash_of(token.text.expose()), Some(token.hash));
        assert!(token.key_text().expose().starts_with("mnk_"));
        assert_eq!(format!("{token:?}").matches("***").count(), 1);
        for bad in ["", "mnk_", "short", &token.text.expose()[1..], &format!("{}A", token.text.expose())] {
            assert_eq!(hash_of(bad), None, "{bad}");
        }
    }
}
