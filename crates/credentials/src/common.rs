//! Passwords that people use most, from lists that were stolen. They are what is tried first.
//!
//! `common.bin` holds the first four octets of each one's SHA-256, in order: enough to know them again, and of no use to
//! anybody who wants to read them. Where it is from, and how it is made: `docs/decisions/0036-passwords-and-codes.md`.

use sha2::{Digest as _, Sha256};

/// The first octets of the hashes, in order.
static KNOWN: &[u8] = include_bytes!("common.bin");

/// Octets of each.
const PREFIX: usize = 4;

/// Whether a text in small letters is one of them. One in some eighty thousand others counts as one, too.
pub fn is_common(folded: &str) -> bool {
    let hash: [u8; 32] = Sha256::digest(folded.as_bytes()).into();
    let (known, _) = KNOWN.as_chunks::<PREFIX>();
    known.binary_search_by(|one| one.as_slice().cmp(&hash[..PREFIX])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ones_are_known_and_words_of_chance_are_not() {
        for common in ["password", "qwertyuiop", "1234567890", "iloveyou", "dragon", "letmein"] {
            assert!(is_common(common), "{common}");
        }
        for rare in ["maembe saba mtoni", "k7#vr2!plm9z", "correct horse battery", ""] {
            assert!(!is_common(rare), "{rare}");
        }
    }

    #[test]
    fn the_list_is_whole_and_in_order() {
        let (known, rest) = KNOWN.as_chunks::<PREFIX>();

        assert!(known.len() > 40_000 && rest.is_empty(), "{}", known.len());
        assert!(known.is_sorted());
    }
}
