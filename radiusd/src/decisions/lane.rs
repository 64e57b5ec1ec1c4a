//! One thread's way into the log: records gather in its own memory until it flushes them together.

use std::sync::Arc;

use domain::access::decision::DecisionRecord;
use records::RECORD_MAX;

use super::log::Log;
use crate::journal::frame;

/// Octets that gather at most before they are flushed without being asked.
const GATHERED_MAX: usize = 256 * 1_024;

/// Records of one thread, on their way to the log.
#[derive(Debug)]
pub struct Lane {
    log: Arc<Log>,
    /// Room for a frame's header, and records.
    frame: Vec<u8>,
    records: u64,
    /// Whether it forgets them.
    is_silent: bool,
}

impl Lane {
    pub(super) fn new(log: Arc<Log>, is_silent: bool) -> Self {
        let mut frame = Vec::with_capacity(GATHERED_MAX + RECORD_MAX);
        frame.resize(frame::HEADER, 0);
        Self { log, frame, records: 0, is_silent }
    }

    /// Takes a record. Allocates nothing, takes no lock, and touches no file unless very much has gathered.
    pub fn record(&mut self, record: &DecisionRecord<'_>) {
        if self.is_silent {
            return;
        }
        records::encode(record, &mut self.frame);
        self.records += 1;
        if self.frame.len() >= GATHERED_MAX {
            self.flush();
        }
    }

    /// Writes what has gathered, with one call to the operating system.
    pub fn flush(&mut self) {
        if self.records > 0 {
            self.log.append(&mut self.frame, self.records);
            self.frame.truncate(frame::HEADER);
            self.records = 0;
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.flush();
    }
}
