//! Chance: ids, codes and choices that nobody can guess.

use domain::time::Timestamp;

/// Somebody who throws the dice.
///
/// What fills secrets must be unguessable; only tests may give a source that repeats itself.
pub trait Random: Send + Sync {
    /// Fills the octets with chance.
    fn fill(&self, bytes: &mut [u8]);

    /// A whole number in which every bit is chance.
    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// The octets of a UUID of version 7 (RFC 9562 §5.7): milliseconds since 1970 first, then 74 bits of chance.
    ///
    /// Ids made later sort later, by the millisecond. An instant before 1970 counts as 1970.
    fn uuid_v7(&self, now: Timestamp) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes[6..]);
        let milliseconds = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
        bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }

    /// An index below `end`, each equally likely; 0 when `end` is 0 or 1.
    ///
    /// Throws again rather than favour the small ones: numbers past the last whole multiple of `end` are not used.
    fn index_below(&self, end: usize) -> usize {
        let Some(end) = u64::try_from(end).ok().filter(|end| *end > 1) else { return 0 };
        // The count of numbers at the top that would make the first indices likelier: 2^64 modulo `end`.
        let uneven = (u64::MAX % end).wrapping_add(1) % end;
        loop {
            let thrown = self.number();
            if thrown <= u64::MAX - uneven {
                return usize::try_from(thrown % end).unwrap_or(0);
            }
        }
    }
}

impl<R: Random + ?Sized> Random for &R {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;

    /// Dice that fall as written.
    struct Loaded(Mutex<VecDeque<u64>>);

    impl Loaded {
        fn with(throws: &[u64]) -> Self {
            Self(Mutex::new(throws.iter().copied().collect()))
        }
    }

    impl Random for Loaded {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(8) {
                let next = self.0.lock().expect("no test panics here").pop_front().expect("a throw is left");
                chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
            }
        }
    }

    #[test]
    fn a_uuid_of_version_7_begins_with_the_time_and_names_its_version() {
        let dice = Loaded::with(&[u64::MAX, u64::MAX]);

        let uuid = dice.uuid_v7(Timestamp::from_micros(0x017f_22e2_79b0 * 1_000 + 999));

        assert_eq!(uuid[..6], [0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0]);
        assert_eq!(uuid[6] >> 4, 7);
        assert_eq!(uuid[8] >> 6, 0b10);
    }

    #[test]
    fn an_instant_before_1970_still_gives_a_uuid() {
        let uuid = Loaded::with(&[0, 0]).uuid_v7(Timestamp::from_micros(-5));

        assert_eq!(uuid, [0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_number_that_would_favour_small_indices_is_thrown_again() {
        // 2^64 is 1 modulo 3: exactly one number, the last, must not be used.
        let dice = Loaded::with(&[u64::MAX, u64::MAX - 1]);

        assert_eq!(dice.index_below(3), 2);
    }

    #[test]
    fn an_even_division_uses_every_number() {
        assert_eq!(Loaded::with(&[u64::MAX]).index_below(256), 255);
    }

    #[test]
    fn an_empty_choice_is_nought_without_a_throw() {
        let dice = Loaded::with(&[]);

        assert_eq!((dice.index_below(0), dice.index_below(1)), (0, 0));
    }
}
