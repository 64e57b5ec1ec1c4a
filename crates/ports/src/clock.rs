//! What time it is.

use domain::time::Timestamp;

/// Somebody who knows the time.
///
/// Taken at the edges only: decisions get `now` as a value.
pub trait Clock: Send + Sync {
    /// The instant it is now, in UTC. May jump, forwards or back, when somebody sets the machine's clock.
    fn now(&self) -> Timestamp;

    /// Milliseconds since a moment of no meaning. Never goes back, so it is what durations are measured with.
    fn monotonic_ms(&self) -> u64;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn monotonic_ms(&self) -> u64 {
        (**self).monotonic_ms()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn monotonic_ms(&self) -> u64 {
        (**self).monotonic_ms()
    }
}
