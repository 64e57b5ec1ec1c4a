//! What time it is.

use domain::time::Timestamp;

/// A clock that tests can hold.
pub trait Clock: Send + Sync {
    /// The time of day, which may jump when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// Milliseconds since some fixed moment; never goes back. For waiting and for duplicates, never for records.
    fn monotonic_ms(&self) -> u64;
}
