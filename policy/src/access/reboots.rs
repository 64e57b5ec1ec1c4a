//! Whether a router has restarted, told from the numbers that it gives its sessions.
//!
//! RouterOS says nothing when its power fails, but it counts its starts in the numbers of its sessions
//! ([`domain::access::boot`]). Only a clear sign ends anything: sessions of another run, more than one of them, that
//! began after the last word about any session of the run before. Where two runs overlap nothing is ended here, for then
//! two routers share one name, or a record came late; what is dead ends with its lease.

use domain::access::boot::{Boot, BootSeen};
use domain::time::{Span, Timestamp};

/// So many sessions of a run must have begun before an earlier one is believed to be over: one alone may be a fault.
pub const SIGNS_MIN: u64 = 2;

/// A session count so high may run over into the count of starts. Whether RouterOS lets it is not known.
const NEARLY_OVER: u32 = 0xf_0000;

/// The runs that are over, now that sessions of run `new` have begun. `seen` is what is known of all runs of the same
/// router.
pub fn over(new: Boot, seen: &[BootSeen]) -> Vec<Boot> {
    let Some(fresh) = seen.iter().find(|run| run.boot == new).filter(|run| run.sessions >= SIGNS_MIN) else {
        return Vec::new();
    };
    let others = || seen.iter().filter(|run| run.boot != new && run.boot.service() == new.service());
    let is_before = |run: &BootSeen| run.last_heard_at < fresh.began_at;
    let may_go_on = |run: &BootSeen| new.follows(run.boot) && run.highest >= NEARLY_OVER;
    if others().all(|run| is_before(run) && !may_go_on(run)) {
        others().map(|run| run.boot).collect()
    } else {
        Vec::new()
    }
}

/// The least time between two looks at all sessions of a router.
pub const LOOK_AGAIN: Span = Span::seconds(10);

/// When to look whether a service of a router has restarted. It sees the Starts alone, and decides nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
    boot: Boot,
    last_number: u32,
    begun: u64,
    look_at: u64,
    not_before: Timestamp,
}

impl Watch {
    /// Begins with the first Start that is heard.
    pub const fn new(boot: Boot, number: u32, now: Timestamp) -> Self {
        Self { boot, last_number: number, begun: 1, look_at: SIGNS_MIN, not_before: now }
    }

    /// Sees a Start. Returns whether to look at all sessions of the router now: at the second session of a run, and
    /// ever more seldom after that.
    pub fn starts(&mut self, boot: Boot, number: u32, now: Timestamp) -> bool {
        if self.boot != boot {
            *self = Self { not_before: self.not_before, ..Self::new(boot, number, now) };
            return false;
        }
        if self.last_number == number {
            return false;
        }
        self.last_number = number;
        self.begun = self.begun.saturating_add(1);
        let is_due = self.begun >= self.look_at && now >= self.not_before;
        if is_due {
            self.look_at = self.begun.saturating_mul(2);
            self.not_before = now.plus(LOOK_AGAIN);
        }
        is_due
    }
}

#[cfg(test)]
mod tests;
