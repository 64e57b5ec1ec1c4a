//! The machine's clock, as the port.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use ports::Clock;

/// The clock of the machine we run on.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// What `monotonic_ms` counts from: the first time somebody asked.
#[expect(clippy::disallowed_methods, reason = "this is the clock everybody else is to ask")]
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock everybody else is to ask")]
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970: nothing we sell can have happened earlier.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(BEGINNING.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_the_day_this_was_written() {
        assert!(SystemClock.now() > Timestamp::from_micros(1_750_000_000_000_000));
    }

    #[test]
    fn monotonic_time_never_goes_back() {
        let earlier = SystemClock.monotonic_ms();

        assert!(SystemClock.monotonic_ms() >= earlier);
    }
}
