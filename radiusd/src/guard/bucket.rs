//! A bucket of tokens in one number: the moment at which it will be full again.
//!
//! Taking a token moves that moment one interval on; when it would lie further ahead than the whole bucket takes to
//! fill, there is none. Nothing has to refill it.

use std::sync::atomic::{AtomicU64, Ordering};

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Milliseconds for one token; at least one.
    every_ms: u64,
    /// Tokens of a full bucket; at least one.
    burst: u64,
}

impl Rate {
    /// So many in a minute, all at once if it must be.
    pub const fn per_minute(tokens: u32) -> Self {
        Self::of(60_000, tokens, tokens)
    }

    /// So many in a second, and those of five seconds at once.
    pub const fn per_second(tokens: u32) -> Self {
        Self::of(1_000, tokens, tokens.saturating_mul(5))
    }

    /// The same interval with fewer tokens at once.
    #[must_use]
    pub const fn holding(self, burst: u32) -> Self {
        let burst = if burst == 0 { 1 } else { burst as u64 };
        Self { every_ms: self.every_ms, burst: if burst < self.burst { burst } else { self.burst } }
    }

    const fn of(span_ms: u64, tokens: u32, burst: u32) -> Self {
        let every_ms = match span_ms.checked_div(tokens as u64) {
            None | Some(0) => 1,
            Some(every_ms) => every_ms,
        };
        Self { every_ms, burst: if burst == 0 { 1 } else { burst as u64 } }
    }

    /// How long until there is a token; zero when there is one.
    pub(super) const fn wait_ms(self, full_at_ms: u64, now_ms: u64) -> u64 {
        let base = if full_at_ms > now_ms { full_at_ms } else { now_ms };
        (base + self.every_ms).saturating_sub(now_ms + self.burst * self.every_ms)
    }

    /// When the bucket is full again after one more token was taken; never later than a whole bucket takes.
    pub(super) const fn taken(self, full_at_ms: u64, now_ms: u64) -> u64 {
        let base = if full_at_ms > now_ms { full_at_ms } else { now_ms };
        let (next, most) = (base + self.every_ms, now_ms + self.burst * self.every_ms);
        if next < most { next } else { most }
    }
}

/// A bucket that threads share.
#[derive(Debug, Default)]
pub struct Bucket {
    full_at_ms: AtomicU64,
}

impl Bucket {
    /// Takes a token, if there is one.
    pub fn take(&self, rate: Rate, now_ms: u64) -> bool {
        let taken = self.full_at_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            (rate.wait_ms(full_at, now_ms) == 0).then(|| rate.taken(full_at, now_ms))
        });
        taken.is_ok()
    }

    /// Takes a token, or leaves the bucket empty.
    pub fn charge(&self, rate: Rate, now_ms: u64) {
        let charge = |full_at| Some(rate.taken(full_at, now_ms));
        // Always `Ok`: the closure never refuses.
        let _ = self.full_at_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charge);
    }

    /// Puts a token back that was not used.
    pub fn give_back(&self, rate: Rate) {
        let back = |full_at: u64| Some(full_at.saturating_sub(rate.every_ms));
        let _ = self.full_at_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, back);
    }

    /// Whether no token is left.
    pub fn is_empty(&self, rate: Rate, now_ms: u64) -> bool {
        rate.wait_ms(self.full_at_ms.load(Ordering::Relaxed), now_ms) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_holds_and_then_one_for_each_interval() {
        let (bucket, rate) = (Bucket::default(), Rate::per_minute(10));
        let now = 1_000_000;

        assert_eq!((0..20).filter(|_| bucket.take(rate, now)).count(), 10);
        assert!(bucket.is_empty(rate, now + 5_999) && !bucket.is_empty(rate, now + 6_000));
        assert_eq!((0..20).filter(|_| bucket.take(rate, now + 6_000)).count(), 1);
        assert_eq!((0..20).filter(|_| bucket.take(rate, now + 600_000)).count(), 10, "it never holds more");
    }

    #[test]
    fn charging_an_empty_bucket_does_not_make_the_wait_longer() {
        let (bucket, rate) = (Bucket::default(), Rate::per_minute(10));
        for _ in 0..1_000 {
            bucket.charge(rate, 0);
        }

        assert!(!bucket.is_empty(rate, 6_000));
    }

    #[test]
    fn a_token_that_was_given_back_is_there_again() {
        let (bucket, rate) = (Bucket::default(), Rate::per_second(1));
        for _ in 0..100 {
            assert!(bucket.take(rate, 7));
            bucket.give_back(rate);
        }
    }

    #[test]
    fn no_rate_divides_by_nothing() {
        for rate in
            [Rate::per_minute(0), Rate::per_second(0), Rate::per_second(u32::MAX), Rate::per_minute(5).holding(0)]
        {
            assert!(Bucket::default().take(rate, 0), "{rate:?}");
        }
    }
}
