//! How often somebody may try to sign in.
//!
//! Tries count by the login that was named and by the address they come from. Whoever fails waits, longer each time and
//! never for more than a quarter of an hour: nobody is locked out for ever, and nobody can lock somebody else out.

use domain::time::{Span, Timestamp};

/// What tries are counted by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Counted {
    /// The login that was named, whether there is one or not.
    ByLogin,
    /// The address: an office of many people may stand behind one.
    ByAddress,
}

impl Counted {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ByLogin, Self::ByAddress];

    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ByLogin => "login",
            Self::ByAddress => "address",
        }
    }

    /// Tries that cost no waiting.
    const fn free(self) -> u32 {
        match self {
            Self::ByLogin => 5,
            Self::ByAddress => 30,
        }
    }
}

/// The first wait.
const WAIT_FIRST: Span = Span::seconds(15);
/// The longest wait.
pub const WAIT_MAX: Span = Span::minutes(15);
/// Quiet for so long, all is forgotten.
pub const FORGOTTEN_AFTER: Span = Span::minutes(60);

/// What is remembered of failed tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tries {
    /// How many failed one after the other.
    pub failed: u32,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
    /// Until when the next one waits.
    pub wait_until: Option<Timestamp>,
}

/// Whether a try may be made now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It may. It counts as failed until it proves good: this is what to remember.
    Try(Tries),
    /// Not before this instant.
    Wait(Timestamp),
}

/// Whether somebody may try now.
pub fn judge(by: Counted, tries: Tries, now: Timestamp) -> Verdict {
    if let Some(until) = tries.wait_until.filter(|until| now < *until) {
        // A clock that was set back must not make a wait longer than any wait is.
        return Verdict::Wait(until.min(now.plus(WAIT_MAX)));
    }
    let forgotten = tries.last_at.is_none_or(|last| now.since(last) >= FORGOTTEN_AFTER);
    let failed = if forgotten { 1 } else { tries.failed.saturating_add(1) };
    Verdict::Try(Tries { failed, last_at: Some(now), wait_until: wait(by, failed).map(|wait| now.plus(wait)) })
}

/// What is remembered after a try proved good: a login begins anew, an address is forgiven this one try.
pub const fn forgive(by: Counted, tries: Tries) -> Tries {
    match by {
        Counted::ByLogin => Tries { failed: 0, last_at: None, wait_until: None },
        Counted::ByAddress => Tries { failed: tries.failed.saturating_sub(1), wait_until: None, ..tries },
    }
}

/// How long to wait after so many failures: nothing, then 15 seconds, twice as long each time, at most 15 minutes.
fn wait(by: Counted, failed: u32) -> Option<Span> {
    let beyond = failed.checked_sub(by.free())?;
    let doubled = WAIT_FIRST.as_micros().saturating_mul(1 << beyond.min(20));
    Some(Span::micros(doubled.min(WAIT_MAX.as_micros())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    /// Fails so often in a row, each time as soon as it may; gives the waits.
    fn waits(by: Counted, failures: usize) -> Vec<i64> {
        let (mut tries, mut now) = (Tries::default(), NOW);
        let mut waits = Vec::new();
        while waits.len() < failures {
            match judge(by, tries, now) {
                Verdict::Try(next) => {
                    waits.push(next.wait_until.map_or(0, |until| until.since(now).as_seconds()));
                    tries = next;
                }
                Verdict::Wait(until) => now = until,
            }
        }
        waits
    }

    #[test]
    fn who_fails_waits_longer_each_time_and_never_longer_than_a_quarter_of_an_hour() {
        assert_eq!(waits(Counted::ByLogin, 12), [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn an_address_of_many_people_has_more_patience() {
        assert!(waits(Counted::ByAddress, 29).iter().all(|wait| *wait == 0));
        assert_eq!(waits(Counted::ByAddress, 31)[29..], [15, 30]);
    }

    #[test]
    fn a_wait_is_told_and_ends() {
        let tries = Tries { failed: 5, last_at: Some(NOW), wait_until: Some(NOW.plus(Span::seconds(15))) };
        let at = |seconds| judge(Counted::ByLogin, tries, NOW.plus(Span::seconds(seconds)));

        assert_eq!(at(14), Verdict::Wait(NOW.plus(Span::seconds(15))));
        assert!(matches!(at(15), Verdict::Try(Tries { failed: 6, .. })));
        assert!(matches!(at(3_600), Verdict::Try(Tries { failed: 1, wait_until: None, .. })));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_wait_longer() {
        let tries = Tries { failed: 9, last_at: Some(NOW), wait_until: Some(NOW.plus(WAIT_MAX)) };
        let before = NOW.minus(Span::minutes(10_000));

        assert_eq!(judge(Counted::ByLogin, tries, before), Verdict::Wait(before.plus(WAIT_MAX)));
    }

    #[test]
    fn a_good_try_is_forgiven() {
        let tries = Tries { failed: 7, last_at: Some(NOW), wait_until: Some(NOW.plus(Span::minutes(1))) };

        assert_eq!(forgive(Counted::ByLogin, tries), Tries::default());
        assert_eq!(forgive(Counted::ByAddress, tries), Tries { failed: 6, wait_until: None, ..tries });
    }
}
