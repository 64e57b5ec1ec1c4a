//! How often somebody may ask: so much at once after a rest, so much in the long run.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ports::Clock;

/// Callers that are remembered before those are forgotten who have asked nothing lately.
const REMEMBERED_MAX: usize = 100_000;

/// Counts what each of many asks.
#[derive(Debug)]
pub struct Pace<K: Hash + Eq + Clone> {
    counted: RateLimiter<K, DashMapStateStore<K>, OurTime, NoOpMiddleware<Duration>>,
    time: OurTime,
}

impl<K: Hash + Eq + Clone> Pace<K> {
    /// So many a second in the long run, and so many at once after a rest.
    pub fn per_second(often: NonZeroU32, burst: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        Self::of(Quota::per_second(often).allow_burst(burst), clock)
    }

    /// So many a minute in the long run, and so many at once after a rest.
    pub fn per_minute(often: NonZeroU32, burst: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        Self::of(Quota::per_minute(often).allow_burst(burst), clock)
    }

    fn of(quota: Quota, clock: Arc<dyn Clock>) -> Self {
        let time = OurTime(clock);
        Self { counted: RateLimiter::dashmap_with_clock(quota, time.clone()), time }
    }

    /// One more; or how many seconds to wait.
    pub fn count(&self, key: &K) -> Result<(), u32> {
        if self.counted.len() > REMEMBERED_MAX {
            self.counted.retain_recent();
            self.counted.shrink_to_fit();
        }
        self.counted.check_key(key).map_err(|denied| {
            let wait = denied.wait_time_from(clock::Clock::now(&self.time));
            u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
        })
    }
}

/// A household has a whole network of IPv6 addresses, so the network counts as one.
pub fn one_place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Our clock, as the counter reads it.
#[derive(Clone)]
struct OurTime(Arc<dyn Clock>);

impl std::fmt::Debug for OurTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OurTime")
    }
}

impl clock::Clock for OurTime {
    type Instant = Duration;
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.monotonic_ms())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use domain::time::Timestamp;

    use super::*;

    struct Standing(AtomicU64);

    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(0)
        }
        fn monotonic_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn one_household_of_ipv6_is_one_place() {
        let place = |text: &str| one_place(text.parse().expect("an address"));

        assert_eq!(place("2001:db8:1:2::5"), place("2001:db8:1:2:ffff::1"));
        assert_ne!(place("2001:db8:1:2::5"), place("2001:db8:1:3::5"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
    }

    #[test]
    fn five_at_once_then_one_each_twelve_seconds() {
        let clock = Arc::new(Standing(AtomicU64::new(60_000)));
        let five = NonZeroU32::new(5).expect("not zero");
        let pace = Pace::per_minute(five, five, Arc::clone(&clock) as Arc<dyn Clock>);

        assert!((0..5).all(|_| pace.count(&"one").is_ok()));

        assert_eq!(pace.count(&"one"), Err(12));
        assert_eq!(pace.count(&"other"), Ok(()));
        clock.0.fetch_add(12_000, Ordering::Relaxed);
        assert_eq!((pace.count(&"one"), pace.count(&"one")), (Ok(()), Err(12)));
    }
}
