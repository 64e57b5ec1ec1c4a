//! Chance: octets that nobody can guess.

use domain::time::Timestamp;

/// A cryptographic source of randomness that tests can repeat.
pub trait Random: Send + Sync {
    /// Fills a buffer with random octets.
    fn fill(&self, octets: &mut [u8]);

    /// A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits.
    fn uuid_v7(&self, now: Timestamp) -> [u8; 16] {
        let mut octets = [0; 16];
        self.fill(&mut octets);
        let milliseconds = now.as_micros().div_euclid(1_000).max(0).to_be_bytes();
        octets[..6].copy_from_slice(&milliseconds[2..]);
        octets[6] = (octets[6] & 0x0f) | 0x70;
        octets[8] = (octets[8] & 0x3f) | 0x80;
        octets
    }

    /// A uniformly random number below `bound`; 0 for a bound of 0.
    ///
    /// Draws again instead of folding the remainder in, so that no number is more likely than another.
    fn below(&self, bound: u32) -> u32 {
        let Some(excess) = bound.wrapping_neg().checked_rem(bound) else { return 0 };
        let fair = u32::MAX - excess;
        loop {
            let mut octets = [0; 4];
            self.fill(&mut octets);
            let drawn = u32::from_be_bytes(octets);
            if drawn <= fair {
                return drawn % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives the octets it was told to give, again and again.
    struct Told(Mutex<std::iter::Cycle<std::vec::IntoIter<u8>>>);

    impl Told {
        fn new(octets: &[u8]) -> Self {
            Self(Mutex::new(octets.to_vec().into_iter().cycle()))
        }
    }

    impl Random for Told {
        fn fill(&self, octets: &mut [u8]) {
            let mut told = self.0.lock().expect("one thread");
            octets.fill_with(|| told.next().expect("endless"));
        }
    }

    #[test]
    fn a_uuid_carries_its_version_and_its_time() {
        let uuid = Told::new(&[0xff]).uuid_v7(Timestamp::from_seconds(1_800_000_000));

        assert_eq!(uuid[..6], 1_800_000_000_000_u64.to_be_bytes()[2..]);
        assert_eq!((uuid[6] >> 4, uuid[8] >> 6), (7, 2));
    }

    #[test]
    fn a_draw_that_would_favour_small_numbers_is_drawn_again() {
        let told = Told::new(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5]);

        assert_eq!(told.below(57), 5);
    }

    #[test]
    fn nothing_is_below_zero() {
        assert_eq!(Told::new(&[9]).below(0), 0);
    }
}
