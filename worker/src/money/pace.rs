//! How often a gateway is asked: it answers only so often a minute, for each key.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::money::gateway::GatewayAccount;
use domain::time::{Span, Timestamp};

/// Keys that are remembered; past that, those that may be asked anyway are forgotten.
const KEYS_MAX: usize = 10_000;

/// One part in so many of a minute's questions may be asked at once.
const BURST_PART: u32 = 10;

/// When each key may be asked next.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    next: HashMap<u64, Timestamp>,
}

impl Pace {
    /// Whether it may be asked now; then it counts as asked.
    pub(crate) fn may(&mut self, account: &GatewayAccount, per_minute: u32, now: Timestamp) -> bool {
        let mut hasher = DefaultHasher::new();
        (account.environment, account.keys.consumer_key.expose()).hash(&mut hasher);
        self.may_by(hasher.finish(), per_minute, now)
    }

    fn may_by(&mut self, key: u64, per_minute: u32, now: Timestamp) -> bool {
        let per_minute = per_minute.max(1);
        let between = Span::micros(60_000_000 / i64::from(per_minute));
        let burst = i64::from((per_minute / BURST_PART).max(1) - 1);
        let ahead = Span::micros(between.as_micros().saturating_mul(burst));
        if self.next.len() > KEYS_MAX {
            self.next.retain(|_, next| *next > now);
        }
        let next = self.next.get(&key).copied().unwrap_or(now);
        if next > now.plus(ahead) {
            return false;
        }
        self.next.insert(key, next.max(now).plus(between));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn in_seconds(seconds: i64) -> Timestamp {
        NOW.plus(Span::seconds(seconds))
    }

    #[test]
    fn five_a_minute_is_one_in_twelve_seconds() {
        let mut pace = Pace::default();
        let asked: Vec<i64> = (0..60).filter(|second| pace.may_by(1, 5, in_seconds(*second))).collect();

        assert_eq!(asked, [0, 12, 24, 36, 48]);
        assert!(pace.may_by(2, 5, in_seconds(1)), "another key has its own");
    }

    #[test]
    fn many_a_minute_may_come_at_once_but_not_all() {
        let mut pace = Pace::default();
        let at_once = (0..1_000).filter(|_| pace.may_by(1, 600, NOW)).count();
        let later = (0..1_000).filter(|_| pace.may_by(1, 600, in_seconds(1))).count();

        assert_eq!((at_once, later), (60, 10));
    }
}
