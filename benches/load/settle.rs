//! What a server put off until nobody waited for it, such as writing into a database what it keeps in a journal.
//!
//! It belongs to the bill of those whose requests caused it, and must not fall into the next mode's.

use std::time::Duration;

use crate::clock;

/// How long it is looked at before it counts as idle.
const LOOK: Duration = Duration::from_millis(500);

/// CPU time within [`LOOK`] that means nothing: timers, and the granularity of `/proc`.
const IDLE_MAX: Duration = Duration::from_millis(30);

/// Waits until processes have become idle, at most for `most`. Gives how long they went on working.
pub(crate) fn settle(cpu: impl Fn() -> anyhow::Result<Duration>, most: Duration) -> anyhow::Result<Duration> {
    let begun = clock::now();
    let mut before = cpu()?;
    loop {
        let worked = clock::now().saturating_duration_since(begun);
        if worked >= most {
            return Ok(worked);
        }
        clock::rest(LOOK.min(most));
        let now = cpu()?;
        if now.saturating_sub(before) <= IDLE_MAX {
            return Ok(worked);
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn who_is_idle_is_not_waited_for() {
        let worked = settle(|| Ok(Duration::from_secs(7)), Duration::from_secs(10)).unwrap();

        assert!(worked < LOOK, "{worked:?}");
    }

    #[test]
    fn who_never_rests_is_given_up() {
        let used = Cell::new(Duration::ZERO);
        let busy = || {
            used.set(used.get() + LOOK);
            Ok(used.get())
        };

        assert!(settle(busy, Duration::from_millis(1)).unwrap() >= Duration::from_millis(1));
    }
}
