//! The one place that reads the real clock.

use std::time::Instant;

#[expect(
    clippy::disallowed_methods,
    reason = "a load generator measures real time; nothing here is tested by the clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
