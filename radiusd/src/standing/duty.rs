//! What only one of the nodes needs to do. A node that dies is followed by another within seconds; two that do the
//! same for a moment do no harm.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that one node does for all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Duty {
    /// Ends sessions of which nothing was heard.
    CloseOverdue,
    /// Makes the tables of the next days and lets go of old answers.
    KeepDecisions,
    /// Lets go of old changes and of nodes that are long gone.
    Tidy,
}

impl Duty {
    pub(crate) const ALL: [Self; 3] = [Self::CloseOverdue, Self::KeepDecisions, Self::Tidy];

    /// Its name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CloseOverdue => "close_overdue",
            Self::KeepDecisions => "keep_decisions",
            Self::Tidy => "tidy",
        }
    }
}

/// How long a duty is this node's after the last word; in the database a little longer.
pub(crate) const LEASE_SECONDS: u32 = 6;
const BELIEF_MS: u64 = 4_000;

/// The duties that this node has, each until a monotonic moment.
#[derive(Default)]
pub(crate) struct Duties {
    until_ms: [AtomicU64; Duty::ALL.len()],
}

impl Duties {
    /// Whether a duty is this node's at that moment.
    pub(crate) fn holds(&self, duty: Duty, now_ms: u64) -> bool {
        now_ms < self.until_ms[duty as usize].load(Ordering::Relaxed)
    }

    /// The database has given these, for a question that was asked at `sent_ms`.
    pub(crate) fn given(&self, names: &[String], sent_ms: u64) {
        for duty in Duty::ALL {
            let has = names.iter().any(|name| name == duty.name());
            let until = if has { sent_ms.saturating_add(BELIEF_MS) } else { 0 };
            self.until_ms[duty as usize].store(until, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_is_held_for_a_while_after_the_last_word() {
        let duties = Duties::default();

        duties.given(&["keep_decisions".to_owned()], 1_000);

        assert!(duties.holds(Duty::KeepDecisions, 4_999) && !duties.holds(Duty::KeepDecisions, 5_000));
        assert!(!duties.holds(Duty::CloseOverdue, 1_000));
        duties.given(&[], 1_500);
        assert!(!duties.holds(Duty::KeepDecisions, 1_501));
    }
}
