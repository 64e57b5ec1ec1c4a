//! What can be seen of a router from outside, and waiting for it.

use std::time::Duration;

use tokio::time::Instant;

use super::SimulatedRouter;
use crate::nas::session::SessionKey;
use crate::nas::traffic::Moved;
use crate::nas::view::{Control, Event, Online, Past, Tally, most_in_any_second};

/// How often something is looked at that follows from time alone, and so changes without a word.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl SimulatedRouter {
    /// Who is online.
    pub fn online(&self) -> Vec<Online> {
        self.shared.now().machine.online()
    }

    /// A living session.
    pub fn session(&self, session: SessionKey) -> Option<Online> {
        self.online().into_iter().find(|online| online.session == session)
    }

    /// The first living session of a name.
    pub fn session_of(&self, user: &str) -> Option<Online> {
        self.online().into_iter().find(|online| online.user == user)
    }

    /// A session that is over.
    pub fn past(&self, session: SessionKey) -> Option<Past> {
        self.shared.now().machine.memory.past.get(&session).cloned()
    }

    /// Octets of a session, living or over.
    pub fn moved(&self, session: SessionKey) -> Moved {
        self.shared.now().machine.moved(session)
    }

    /// Octets of all sessions of a name.
    pub fn moved_by(&self, user: &str) -> Moved {
        self.shared.now().machine.moved_by(user)
    }

    /// Octets of a session's greatest report that was answered.
    pub fn answered(&self, session: SessionKey) -> Moved {
        self.shared.now().machine.answered(session)
    }

    /// The same for all sessions of a name: what its server must have counted at least, and at most too where no answer
    /// was lost.
    pub fn answered_by(&self, user: &str) -> Moved {
        self.shared.now().machine.answered_by(user)
    }

    /// Numbers of what happened; living sessions' octets are in them.
    pub fn tally(&self) -> Tally {
        let mut inside = self.shared.now();
        let living = inside.machine.online().iter().fold(Moved::default(), |sum, one| sum.plus(one.moved));
        let mut tally = inside.machine.memory.tally.clone();
        tally.moved = tally.moved.plus(living);
        tally
    }

    /// What happened, from the event with that number on (the first is 0); old ones are forgotten.
    pub fn events_from(&self, number: u64) -> Vec<Event> {
        let inside = self.shared.now();
        let memory = &inside.machine.memory;
        let skipped = usize::try_from(number.saturating_sub(memory.events_gone)).unwrap_or(usize::MAX);
        memory.events.iter().skip(skipped).cloned().collect()
    }

    /// CoAs and Disconnects that came, oldest first.
    pub fn controls(&self) -> Vec<Control> {
        self.shared.now().machine.memory.controls.iter().cloned().collect()
    }

    /// The most CoAs and Disconnects that came in any one second, repetitions and all.
    pub fn most_controls_in_any_second(&self) -> usize {
        most_in_any_second(self.shared.now().machine.memory.controls.iter().map(|control| control.at))
    }

    /// Waits until something is true of the router, at most so long. Whether it became true.
    pub async fn until(&self, patience: Duration, mut is_true: impl FnMut(&Self) -> bool) -> bool {
        let mut changes = self.shared.changes.subscribe();
        let patience = Instant::now() + patience;
        loop {
            if is_true(self) {
                return true;
            }
            let soon = patience.min(Instant::now() + LOOK_EVERY);
            let _ = tokio::time::timeout_at(soon, changes.changed()).await;
            if Instant::now() >= patience {
                return is_true(self);
            }
        }
    }

    /// Waits until nothing is to be sent and nothing waits for an answer, at most so long. Whether that came.
    pub async fn settled(&self, patience: Duration) -> bool {
        let settled = self.waits(|inside| inside.machine.has_sent_all() && inside.under_way == 0);
        tokio::time::timeout(patience, settled).await.is_ok()
    }
}
