//! Codes that letters hold: 128 bits of chance. We keep their SHA-256 alone.

use std::fmt::Write as _;

use domain::secret::Secret;
use sha2::{Digest as _, Sha256};

use crate::context::Context;

/// Octets of a code.
const LENGTH: usize = 16;

/// A fresh code, and what we keep of it.
pub fn fresh(context: Context<'_>) -> (Secret<String>, [u8; 32]) {
    let mut octets = [0; LENGTH];
    context.random().fill(&mut octets);
    let mut code = String::with_capacity(LENGTH * 2);
    for octet in octets {
        _ = write!(code, "{octet:02x}");
    }
    let hash = hash_of(&code);
    (Secret::new(code), hash)
}

/// What we keep of a code. Spaces around it and capitals do not count: people copy it from a letter.
pub fn hash_of(code: &str) -> [u8; 32] {
    Sha256::digest(code.trim().to_ascii_lowercase().as_bytes()).into()
}
