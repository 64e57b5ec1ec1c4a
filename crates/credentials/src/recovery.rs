//! Codes for the day on which a telephone is lost: ten, each good once, written down and kept in a drawer.

use domain::secret::Secret;
use sha2::{Digest as _, Sha256};

/// How many somebody gets.
pub const COUNT: usize = 10;
/// Characters of one, without its dashes: eighty bits of chance, so a quick hash will do.
const LENGTH: usize = 16;
/// Characters that are taken for no other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A code of that chance, as `abcd-efgh-ijkm-npqr`.
pub fn code(chance: [u8; LENGTH]) -> Secret<String> {
    let mut text = String::with_capacity(LENGTH + 3);
    for (place, octet) in chance.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(octet & 31)]));
    }
    Secret::new(text)
}

/// The hash of a code that somebody typed, with or without its dashes; `None` for what cannot be one.
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    let bare: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let is_one = bare.len() == LENGTH && bare.bytes().all(|octet| ALPHABET.contains(&octet));
    is_one.then(|| Sha256::digest(bare.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_is_typed() {
        let code = code([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

        assert_eq!(code.expose(), "abcd-efgh-ijkm-npqr");
        assert!(hash_of(code.expose()).is_some());
        assert_eq!(hash_of(" ABCD efgh ijkmnpqr "), hash_of(code.expose()));
        for bad in ["", "abcd-efgh-ijkm-npq", "abcd-efgh-ijkm-npq0", "123456"] {
            assert_eq!(hash_of(bad), None, "{bad}");
        }
    }
}
