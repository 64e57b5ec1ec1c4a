//! Buckets of whoever comes, in a table of a fixed size.
//!
//! Four buckets stand together; a key looks at its four. The fullest makes room for a newcomer, so whoever owes most is
//! remembered longest, and a flood of new keys forgets only those who owe little. Two keys that look alike in 24 bits
//! of their hash share a bucket, which nobody can arrange without the seed.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::guard::bucket::Rate;

/// Buckets that stand together.
const WAYS: usize = 4;

/// Bits that hold the moment at which a bucket is full again: 34 years of milliseconds.
const MOMENT_BITS: u32 = 40;
const MOMENT: u64 = (1 << MOMENT_BITS) - 1;

/// How often a change is tried again when another thread was quicker.
const TRIES_MAX: usize = 4;

/// Buckets by the hash of a key.
#[derive(Debug)]
pub(super) struct Table {
    /// The mark of the key above, the moment below.
    sets: Box<[[AtomicU64; WAYS]]>,
}

impl Table {
    /// A table of so many buckets, brought to a power of two. Eight octets each.
    pub(super) fn of(buckets: usize) -> Self {
        let sets = (buckets / WAYS).next_power_of_two();
        Self { sets: (0..sets).map(|_| [const { AtomicU64::new(0) }; WAYS]).collect() }
    }

    /// How long the key has to wait for a token; zero for one that is not here.
    pub(super) fn wait_ms(&self, hash: u64, rate: Rate, now_ms: u64) -> u64 {
        let mark = mark_of(hash);
        let found = self.set(hash).iter().map(|slot| slot.load(Ordering::Relaxed)).find(|word| word & !MOMENT == mark);
        found.map_or(0, |word| rate.wait_ms(word & MOMENT, now_ms))
    }

    /// Takes a token of the key, or leaves its bucket empty.
    pub(super) fn charge(&self, hash: u64, rate: Rate, now_ms: u64) {
        let mark = mark_of(hash);
        for _ in 0..TRIES_MAX {
            let (slot, word) = self.place_of(hash, mark);
            let before = if word & !MOMENT == mark { word & MOMENT } else { 0 };
            let after = mark | (rate.taken(before, now_ms) & MOMENT);
            if slot.compare_exchange_weak(word, after, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    /// The key's own bucket, else the fullest of the four.
    fn place_of(&self, hash: u64, mark: u64) -> (&AtomicU64, u64) {
        let set = self.set(hash);
        let mut place = (&set[0], set[0].load(Ordering::Relaxed));
        for slot in set {
            let word = slot.load(Ordering::Relaxed);
            if word & !MOMENT == mark {
                return (slot, word);
            }
            if word & MOMENT < place.1 & MOMENT {
                place = (slot, word);
            }
        }
        place
    }

    fn set(&self, hash: u64) -> &[AtomicU64; WAYS] {
        let low = hash & (self.sets.len() as u64 - 1);
        &self.sets[usize::try_from(low).expect("invariant: smaller than the number of sets")]
    }
}

/// The upper bits of the hash, never nothing: nothing is a free place.
const fn mark_of(hash: u64) -> u64 {
    let mark = hash & !MOMENT;
    if mark == 0 { 1 << MOMENT_BITS } else { mark }
}

/// What was good lately, in a table of a fixed size: a newcomer takes the place of another that was good.
#[derive(Debug)]
pub(super) struct Remembered {
    sets: Box<[[AtomicU64; WAYS]]>,
}

impl Remembered {
    /// A memory for so many, brought to a power of two. Eight octets each.
    pub(super) fn of(entries: usize) -> Self {
        let Table { sets } = Table::of(entries);
        Self { sets }
    }

    /// Whether it is remembered.
    pub(super) fn has(&self, hash: u64) -> bool {
        self.set(hash).iter().any(|slot| slot.load(Ordering::Relaxed) == hash)
    }

    /// Remembers it.
    pub(super) fn put(&self, hash: u64) {
        if self.has(hash) {
            return;
        }
        let set = self.set(hash);
        let free = set.iter().find(|slot| slot.load(Ordering::Relaxed) == 0);
        // The two bits below the top choose whom to forget: by the hash, so by chance.
        let place = usize::try_from((hash >> 61) & 3).expect("invariant: two bits");
        free.unwrap_or(&set[place]).store(hash, Ordering::Relaxed);
    }

    /// Forgets it.
    pub(super) fn forget(&self, hash: u64) {
        for slot in self.set(hash) {
            // Fails for the other places, and when somebody else has taken this one.
            let _ = slot.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn set(&self, hash: u64) -> &[AtomicU64; WAYS] {
        let low = hash & (self.sets.len() as u64 - 1);
        &self.sets[usize::try_from(low).expect("invariant: smaller than the number of sets")]
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use foldhash::fast::FixedState;

    use super::*;

    fn hash(of: u64) -> u64 {
        FixedState::with_seed(7).hash_one(of)
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let (table, rate) = (Table::of(1_024), Rate::per_minute(10));
        for _ in 0..10 {
            table.charge(hash(1), rate, 50);
        }

        assert_eq!(table.wait_ms(hash(1), rate, 50), 6_000);
        assert_eq!(table.wait_ms(hash(2), rate, 50), 0);
        assert_eq!(table.wait_ms(hash(1), rate, 6_050), 0);
    }

    #[test]
    fn a_flood_of_new_keys_neither_grows_the_table_nor_frees_who_owes_most() {
        let (table, rate) = (Table::of(256), Rate::per_minute(10));
        for _ in 0..10 {
            table.charge(hash(1), rate, 50);
        }
        for stranger in 2..100_000 {
            table.charge(hash(stranger), rate, 50);
        }

        assert_eq!(table.sets.len() * WAYS, 256);
        assert!(table.wait_ms(hash(1), rate, 50) > 0, "the guesser was forgotten");
    }

    #[test]
    fn what_was_good_is_remembered_until_it_is_forgotten() {
        let good = Remembered::of(64);
        good.put(hash(1));

        assert!(good.has(hash(1)) && !good.has(hash(2)));
        good.forget(hash(1));
        assert!(!good.has(hash(1)));
        for key in 0..10_000 {
            good.put(hash(key));
        }
        assert!(good.has(hash(9_999)) && good.sets.len() * WAYS == 64);
    }
}
