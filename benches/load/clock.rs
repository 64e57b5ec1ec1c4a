//! The one place that reads the real clock, and waits for it.

use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "a load generator measures real time; nothing here is tested by the clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "nothing else runs on this thread, and no test waits for it")]
pub(crate) fn rest(how_long: Duration) {
    std::thread::sleep(how_long);
}
