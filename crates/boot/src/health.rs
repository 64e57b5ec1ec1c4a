//! Whether the process can do its work: one named check for each part, set by the part itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

/// What a part says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does its work.
    Ready,
    /// It does its work, and there is something to know about it.
    ReadyBut {
        /// What, in a sentence for the operator. Never a secret.
        note: String,
    },
    /// It cannot, for now.
    NotReady {
        /// Why, in a sentence for the operator. Never a secret: anybody who reaches the listener may read it.
        reason: String,
    },
}

/// All checks of the process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What the checks come to, for those who only want a yes or no.
    ready: AtomicBool,
    checks: RwLock<BTreeMap<&'static str, State>>,
}

impl Health {
    /// No checks yet: not ready until the first part says that it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how a part is; the last word counts.
    pub fn set(&self, part: &'static str, state: State) {
        let mut checks = self.shared.checks.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        checks.insert(part, state);
        let ready = checks.values().all(|state| !matches!(state, State::NotReady { .. }));
        self.shared.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether every part is ready, and there is at least one. As cheap as reading a flag.
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Relaxed)
    }

    /// Why the process is not ready, one sentence for each part in order of their names; empty when it is ready.
    pub fn reasons(&self) -> Vec<String> {
        let checks = self.shared.checks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if checks.is_empty() {
            return vec![String::from("process: nothing has started yet")];
        }
        checks
            .iter()
            .filter_map(|(part, state)| match state {
                State::Ready | State::ReadyBut { .. } => None,
                State::NotReady { reason } => Some(format!("{part}: {}", reason.escape_debug())),
            })
            .collect()
    }

    /// What there is to know about parts that do their work, one sentence for each in order of their names.
    pub fn notes(&self) -> Vec<String> {
        let checks = self.shared.checks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        checks
            .iter()
            .filter_map(|(part, state)| match state {
                State::Ready | State::NotReady { .. } => None,
                State::ReadyBut { note } => Some(format!("{part}: {}", note.escape_debug())),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_ready(reason: &str) -> State {
        State::NotReady { reason: reason.to_owned() }
    }

    #[test]
    fn a_process_without_checks_is_not_ready() {
        let health = Health::new();

        assert!(!health.is_ready());
        assert_eq!(health.reasons(), ["process: nothing has started yet"]);
    }

    #[test]
    fn one_part_that_is_not_ready_is_enough() {
        let health = Health::new();
        health.set("radius", State::Ready);
        health.set("database", not_ready("it is restarting"));

        assert!(!health.is_ready());
        assert_eq!(health.reasons(), ["database: it is restarting"]);
    }

    #[test]
    fn the_last_word_of_a_part_counts() {
        let health = Health::new();
        health.set("database", not_ready("it is restarting"));
        health.set("database", State::Ready);

        assert!(health.is_ready());
        assert!(health.reasons().is_empty());
    }

    #[test]
    fn a_part_that_has_something_to_tell_is_ready() {
        let health = Health::new();
        health.set("node", State::ReadyBut { note: "away for 3 s".to_owned() });

        assert!(health.is_ready());
        assert!(health.reasons().is_empty());
        assert_eq!(health.notes(), ["node: away for 3 s"]);
    }

    #[test]
    fn a_reason_stays_on_its_line() {
        let health = Health::new();
        health.set("database", not_ready("two\nlines"));

        assert_eq!(health.reasons(), ["database: two\\nlines"]);
    }
}
