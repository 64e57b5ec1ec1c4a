//! Who types codes that are not there: five wrong ones, then a wait that doubles.
//!
//! A device is known by what its router's page said of it, which a browser may change at will, so an address and a
//! router are counted beside it, with more room: a whole hotspot may stand behind one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use domain::id::{NasId, TenantId};
use domain::mac::Mac;
use domain::time::{Span, Timestamp};

/// Those that are remembered; beyond it, those who have guessed least lately are forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// The first wait.
const FIRST_WAIT: Span = Span::minutes(1);

/// The longest wait.
const LONGEST_WAIT: Span = Span::minutes(15);

/// After so long without a wrong code, all is forgotten.
const FORGIVEN_AFTER: Span = Span::minutes(30);

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Whose {
    /// A device.
    Device(TenantId, Mac),
    /// An address that asks us.
    Address(IpAddr),
    /// A router.
    Router(TenantId, NasId),
}

impl Whose {
    /// Wrong codes before the first wait.
    const fn tries(self) -> u32 {
        match self {
            Self::Device(..) => 5,
            Self::Address(_) => 60,
            Self::Router(..) => 200,
        }
    }
}

/// Who has guessed how often.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<Whose, Guessed>>);

#[derive(Clone, Copy, Debug)]
struct Guessed {
    wrong: u32,
    last: Timestamp,
    until: Timestamp,
    waits: u32,
}

impl Guesses {
    /// How many seconds the one of these must wait who must wait longest; `None` when all may try.
    pub fn wait(&self, whose: &[Whose], now: Timestamp) -> Option<u64> {
        let guessed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = whose.iter().filter_map(|one| guessed.get(one)).filter(|one| one.until > now);
        waits.map(|one| now.whole_seconds_until(one.until).saturating_add(1)).max()
    }

    /// One more wrong code.
    pub fn note(&self, whose: &[Whose], now: Timestamp) {
        let mut guessed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if guessed.len() >= REMEMBERED_MAX {
            guessed.retain(|_, one| now.since(one.last) < FORGIVEN_AFTER);
            if guessed.len() >= REMEMBERED_MAX {
                guessed.retain(|_, one| one.until > now);
            }
            if guessed.len() >= REMEMBERED_MAX {
                guessed.clear();
            }
        }
        for one in whose {
            let fresh = Guessed { wrong: 0, last: now, until: now, waits: 0 };
            let entry = guessed.entry(*one).or_insert(fresh);
            if now.since(entry.last) >= FORGIVEN_AFTER {
                *entry = fresh;
            }
            entry.last = now;
            entry.wrong += 1;
            if entry.wrong >= one.tries() {
                entry.wrong = 0;
                let wait = FIRST_WAIT.as_seconds().saturating_mul(1_i64 << entry.waits.min(8));
                entry.until = now.plus(Span::seconds(wait.min(LONGEST_WAIT.as_seconds())));
                entry.waits = entry.waits.saturating_add(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::Id;

    use super::*;

    fn device(last: u8) -> Whose {
        Whose::Device(Id::from_bytes([7; 16]), Mac::from_octets([2, 0, 0, 0, 0, last]))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn five_wrong_codes_and_a_wait_that_doubles() {
        let guesses = Guesses::default();

        for second in 0..4 {
            guesses.note(&[device(1)], at(second));
            assert_eq!(guesses.wait(&[device(1)], at(second)), None);
        }
        guesses.note(&[device(1)], at(4));

        assert_eq!(guesses.wait(&[device(1), device(2)], at(4)), Some(61));
        assert_eq!(guesses.wait(&[device(2)], at(4)), None);
        assert_eq!(guesses.wait(&[device(1)], at(64)), None);
        (0..5).for_each(|_| guesses.note(&[device(1)], at(64)));
        assert_eq!(guesses.wait(&[device(1)], at(64)), Some(121));
    }

    #[test]
    fn who_rests_is_forgiven() {
        let guesses = Guesses::default();

        (0..4).for_each(|_| guesses.note(&[device(1)], at(0)));
        guesses.note(&[device(1)], at(1_800));

        assert_eq!(guesses.wait(&[device(1)], at(1_800)), None);
    }

    #[test]
    fn no_wait_is_longer_than_a_quarter_of_an_hour() {
        let guesses = Guesses::default();

        (0..500).for_each(|_| guesses.note(&[device(1)], at(0)));

        assert_eq!(guesses.wait(&[device(1)], at(0)), Some(901));
    }

    #[test]
    fn a_flood_of_made_up_devices_stays_within_its_room() {
        let guesses = Guesses::default();
        let made_up = |n: u32| {
            let [a, b, c, d] = n.to_be_bytes();
            Whose::Device(Id::from_bytes([7; 16]), Mac::from_octets([2, 2, a, b, c, d]))
        };

        (0..u32::try_from(REMEMBERED_MAX).expect("fits") + 10).for_each(|n| guesses.note(&[made_up(n)], at(0)));

        assert!(guesses.0.lock().expect("whole").len() <= REMEMBERED_MAX);
    }
}
