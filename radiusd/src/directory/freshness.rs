//! As of when this node knows what it knows.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use domain::time::Timestamp;

/// Before anything was known.
const NEVER: i64 = i64::MIN;

/// As of when the book is true.
#[derive(Debug)]
pub(crate) struct Freshness {
    known_at: AtomicI64,
    is_remembered: AtomicBool,
    changes: AtomicU64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { known_at: AtomicI64::new(NEVER), is_remembered: AtomicBool::new(false), changes: AtomicU64::new(0) }
    }
}

impl Freshness {
    /// The database has told all that had changed up to that moment.
    pub(crate) fn note_read(&self, at: Timestamp) {
        self.known_at.store(at.as_micros(), Ordering::Relaxed);
        self.is_remembered.store(false, Ordering::Release);
    }

    /// What is known is from a snapshot, as things were then.
    pub(crate) fn note_remembered(&self, at: Timestamp) {
        self.known_at.store(at.as_micros(), Ordering::Relaxed);
        self.is_remembered.store(true, Ordering::Release);
    }

    /// When the database last told all that had changed, to this process or to the one whose snapshot was read. `None`
    /// before the first time.
    pub(crate) fn known_at(&self) -> Option<Timestamp> {
        let micros = self.known_at.load(Ordering::Relaxed);
        (micros != NEVER).then(|| Timestamp::from_micros(micros))
    }

    /// Whether what is known is from a snapshot, and the database has not told since what has changed.
    pub(crate) fn is_remembered(&self) -> bool {
        self.is_remembered.load(Ordering::Acquire)
    }

    /// Something has changed in the database.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something has changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }
}
