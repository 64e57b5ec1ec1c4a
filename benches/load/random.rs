//! Octets that differ from request to request, repeatable from a seed.
//!
//! Good enough for load on loopback, where nobody listens; never for a secret.

use std::hash::{BuildHasher, RandomState};

use benches::request::Nonce;

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A seed that no other run has: the standard library's hash maps get theirs from the operating system.
    pub(crate) fn fresh_seed() -> u64 {
        RandomState::new().hash_one("load")
    }

    /// Octets of its own for a part of the run.
    pub(crate) fn branch(&mut self) -> Self {
        Self::new(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn octets(&mut self) -> [u8; 16] {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.next().to_be_bytes());
        octets[8..].copy_from_slice(&self.next().to_be_bytes());
        octets
    }

    pub(crate) fn nonce(&mut self) -> Nonce {
        Nonce { authenticator: self.octets(), challenge: self.octets(), peer_challenge: self.octets() }
    }
}
