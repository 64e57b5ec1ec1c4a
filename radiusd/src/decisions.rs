//! The records of answers, from the worker that made one to the database.
//!
//! A worker writes records into a [`Lane`] of its own and flushes it once a batch, before the batch's answers leave: one
//! write into the page cache, which a killed process does not lose. `log` keeps the files and syncs them every tenth
//! of a second; `pack` takes records out in blocks and saves each once; `duties` joins small blocks and lets go of
//! old days. While the database is away records wait in the files, and when those are full the oldest go, counted: an
//! answer never waits for its record.
//!
//! Never decides, and never blocks on the database or on a sync.

mod lane;
mod log;
mod meters;
mod pack;

pub(crate) mod duties;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::decision::{Decision, DecisionRecord};
use domain::id::NodeId;
use domain::time::Span;

pub use self::lane::Lane;
use self::log::Log;
pub use self::log::LogError;
pub use self::meters::DecisionMeters;
pub(crate) use self::pack::{pack_and_save, tend};

/// Takes the records of this node's answers.
#[derive(Debug)]
pub struct Recorder {
    log: Arc<Log>,
    is_silent: bool,
    /// For those that answer one request at a time and have no lane of their own.
    shared: Mutex<Lane>,
}

impl Recorder {
    /// Opens the log in a directory, or makes it: then `fresh` is its node's id. Records that are saved stay for `kept`,
    /// so that [`Self::accepts`] finds them after a crash.
    pub fn open(
        directory: &Path,
        bytes_max: u64,
        kept: Span,
        fresh: NodeId,
        meters: DecisionMeters,
    ) -> Result<Self, LogError> {
        let log = Arc::new(Log::open(directory, bytes_max, kept, fresh, meters)?);
        Ok(Self { shared: Mutex::new(Lane::new(Arc::clone(&log), false)), is_silent: false, log })
    }

    /// One that forgets what it is given: so is measured what recording costs.
    #[must_use]
    pub fn silenced(self) -> Self {
        Self { shared: Mutex::new(Lane::new(Arc::clone(&self.log), true)), is_silent: true, log: self.log }
    }

    /// A lane for one thread. What it has not flushed when it is dropped is flushed then.
    pub fn lane(&self) -> Lane {
        Lane::new(Arc::clone(&self.log), self.is_silent)
    }

    /// Records one answer at once: it is in the page cache when this returns, or counted as shed.
    pub fn record(&self, record: &DecisionRecord<'_>) {
        let mut lane = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        lane.record(record);
        lane.flush();
    }

    /// The accepts that the log still has, oldest first: what may have been granted and not been written down elsewhere
    /// when the process died. Reads files, so it is to be called where that is allowed.
    pub fn accepts(&self, each: &mut dyn FnMut(Decision)) -> io::Result<()> {
        let node = self.log.node();
        self.log.walk(&mut |record| {
            if !record.is_refused()
                && let Some(decision) = record.decision(node)
            {
                each(decision);
            }
        })
    }
}

#[cfg(test)]
mod tests;
