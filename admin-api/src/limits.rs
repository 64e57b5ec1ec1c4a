//! What a caller may ask: requests a second, octets, seconds and connections, each with a named maximum.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ports::Clock;

use crate::problem::{Code, Problem};

/// The largest body of a request that is no import.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The largest body of an import.
pub const IMPORT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Callers that are remembered before those are forgotten who have asked nothing lately.
const REMEMBERED_MAX: usize = 100_000;

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second of one key or session, in the long run.
    pub per_caller: NonZeroU32,
    /// The same at once, after a rest.
    pub burst_of_caller: NonZeroU32,
    /// Requests a second from one address, in the long run.
    pub per_address: NonZeroU32,
    /// The same at once, after a rest.
    pub burst_of_address: NonZeroU32,
    /// How long a request may take, its body included.
    pub request: Duration,
    /// How long the head of a request may take, and the rest between two of them.
    pub head: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address that is no proxy of ours.
    pub connections_of_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            per_caller: number(20),
            burst_of_caller: number(100),
            per_address: number(50),
            burst_of_address: number(200),
            request: Duration::from_secs(30),
            head: Duration::from_secs(15),
            connections: 1_000,
            connections_of_address: 100,
        }
    }
}

/// Who is counted as one caller: the hash of what they showed.
pub(crate) type CallerKey = [u8; 32];

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, OurTime, NoOpMiddleware<Duration>>;

/// Counts requests of addresses and of callers.
pub(crate) struct Limiter {
    addresses: Keyed<IpAddr>,
    callers: Keyed<CallerKey>,
    time: OurTime,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let time = OurTime(clock);
        let quota = |per_second, burst| Quota::per_second(per_second).allow_burst(burst);
        Self {
            addresses: RateLimiter::dashmap_with_clock(
                quota(limits.per_address, limits.burst_of_address),
                time.clone(),
            ),
            callers: RateLimiter::dashmap_with_clock(quota(limits.per_caller, limits.burst_of_caller), time.clone()),
            time,
        }
    }

    /// One more request from an address.
    pub(crate) fn of_address(&self, address: IpAddr) -> Result<(), Problem> {
        self.count(&self.addresses, &one_place(address), "from this address")
    }

    /// One more request of a caller.
    pub(crate) fn of_caller(&self, caller: &CallerKey) -> Result<(), Problem> {
        self.count(&self.callers, caller, "with this key or session")
    }

    fn count<K>(&self, counted: &Keyed<K>, key: &K, whose: &str) -> Result<(), Problem>
    where
        K: std::hash::Hash + Eq + Clone,
    {
        if counted.len() > REMEMBERED_MAX {
            counted.retain_recent();
            counted.shrink_to_fit();
        }
        counted.check_key(key).map_err(|denied| {
            let wait = denied.wait_time_from(clock::Clock::now(&self.time));
            let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
            let said = format!("too many requests {whose}; wait {seconds} s");
            Problem::new(Code::TooMany, said).after(seconds)
        })
    }
}

/// A household has a whole network of IPv6 addresses, so the network counts as one.
fn one_place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Our clock, as the counter reads it.
#[derive(Clone)]
struct OurTime(Arc<dyn Clock>);

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
    fn who_asks_too_much_is_told_how_long_to_wait_and_is_served_after() {
        let clock = Arc::new(Standing(AtomicU64::new(60_000)));
        let limiter = Limiter::new(&Limits::default(), Arc::clone(&clock) as Arc<dyn Clock>);
        let (one, other) = ([1; 32], [2; 32]);

        assert!((0..100).all(|_| limiter.of_caller(&one).is_ok()));
        let refused = limiter.of_caller(&one).expect_err("the burst is used up");

        assert_eq!((refused.code, refused.retry_after), (Code::TooMany, Some(1)));
        assert!(limiter.of_caller(&other).is_ok());
        clock.0.fetch_add(1_000, Ordering::Relaxed);
        assert!((0..20).all(|_| limiter.of_caller(&one).is_ok()));
        assert!(limiter.of_caller(&one).is_err());
    }

    #[test]
    fn one_household_of_ipv6_is_one_place() {
        let place = |text: &str| one_place(text.parse().expect("an address"));

        assert_eq!(place("2001:db8:1:2::5"), place("2001:db8:1:2:ffff::1"));
        assert_ne!(place("2001:db8:1:2::5"), place("2001:db8:1:3::5"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
    }
}
