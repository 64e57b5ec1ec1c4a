//! The operating system's randomness, as the port.

use ports::Random;

/// Randomness of the operating system: unguessable, fit for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    /// Fills the octets with chance.
    ///
    /// # Panics
    /// When the kernel has no randomness to give: whatever we made of zeros instead would be guessable.
    #[expect(clippy::disallowed_methods, reason = "this is the source everybody else is to ask")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("invariant: the kernel gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut one, mut other) = ([0_u8; 32], [0_u8; 32]);

        OsRandom.fill(&mut one);
        OsRandom.fill(&mut other);

        assert_ne!(one, other);
    }
}
