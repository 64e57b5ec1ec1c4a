//! Chance that repeats: everything that a twin leaves to chance follows from its seed.

/// Numbers that follow from a seed (splitmix64). Fit for trials, never for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Dice that fall the same way whenever they have the same seed.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..=most`.
    pub(crate) const fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(count) => self.next() % count,
            None => self.next(),
        }
    }

    /// Whether something happens that does so in that share of all cases, 0 to 1.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        // 53 bits are what a float holds exactly.
        let thrown = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        thrown < share
    }

    /// Sixteen octets.
    pub(crate) fn octets(&mut self) -> [u8; 16] {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.next().to_be_bytes());
        octets[8..].copy_from_slice(&self.next().to_be_bytes());
        octets
    }

    /// One octet.
    pub(crate) const fn octet(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_falls_the_same_way_and_another_does_not() {
        let (mut one, mut same, mut other) = (Dice::seeded(1), Dice::seeded(1), Dice::seeded(2));

        let fall = one.octets();

        assert_eq!(fall, same.octets());
        assert_ne!(fall, other.octets());
    }

    #[test]
    fn what_never_happens_never_does_and_a_fifth_happens_about_so_often() {
        let mut dice = Dice::seeded(7);
        let count = |dice: &mut Dice, share| (0..10_000).filter(|_| dice.happens(share)).count();

        assert_eq!((count(&mut dice, 0.0), count(&mut dice, 1.0)), (0, 10_000));
        assert!((1_800..2_200).contains(&count(&mut dice, 0.2)));
    }
}
