//! What a caller may ask: requests a second, octets, seconds and connections, each with a named maximum.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ports::Clock;
use web::pace::{Pace, one_place};

use crate::problem::{Code, Problem};

/// The largest body of a request that is no import.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The largest body of an import.
pub const IMPORT_MAX_BYTES: usize = 16 * 1024 * 1024;

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

impl Limits {
    /// What concerns connections.
    pub(crate) const fn connections(&self) -> web::Limits {
        let Self { head, connections, connections_of_address, .. } = self;
        web::Limits { head: *head, connections: *connections, connections_of_address: *connections_of_address }
    }
}

/// Counts requests of addresses and of callers.
pub(crate) struct Limiter {
    addresses: Pace<IpAddr>,
    callers: Pace<CallerKey>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        Self {
            addresses: Pace::per_second(limits.per_address, limits.burst_of_address, Arc::clone(&clock)),
            callers: Pace::per_second(limits.per_caller, limits.burst_of_caller, clock),
        }
    }

    /// One more request from an address.
    pub(crate) fn of_address(&self, address: IpAddr) -> Result<(), Problem> {
        self.addresses.count(&one_place(address)).map_err(|seconds| too_many("from this address", seconds))
    }

    /// One more request of a caller.
    pub(crate) fn of_caller(&self, caller: &CallerKey) -> Result<(), Problem> {
        self.callers.count(caller).map_err(|seconds| too_many("with this key or session", seconds))
    }
}

fn too_many(whose: &str, seconds: u32) -> Problem {
    let said = format!("too many requests {whose}; wait {seconds} s");
    Problem::new(Code::TooMany, said).after(seconds)
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
}
