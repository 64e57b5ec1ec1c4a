//! Chance that repeats: a story that failed is told again with its seed.

/// A variable that asks for another seed than the story's own.
pub const SEED: &str = "MNETIFI_TEST_SEED";

/// Numbers that follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Dice that fall the same way whenever they have the same seed.
    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..limit`; 0 when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap_or(0)
    }

    /// One of `least..=most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most.saturating_sub(least) + 1)
    }

    /// Whether something happens that does so once in that many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Any octet.
    pub const fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// One of several; the slice must not be empty.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }
}

/// A number that a variable of the environment asks for, to make a story longer than it is in `make test`.
pub fn asked(variable: &str, otherwise: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration but their environment")]
    let value = std::env::var(variable);
    value.ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_falls_the_same_way_and_another_does_not() {
        let fall = |seed| {
            let mut dice = Dice::seeded(seed);
            (0..8).map(|_| dice.between(3, 9)).collect::<Vec<_>>()
        };

        assert_eq!(fall(1), fall(1));
        assert_ne!(fall(1), fall(2));
        assert!(fall(3).iter().all(|number| (3..=9).contains(number)));
    }
}
