//! Accounting records on disk, from the answer until they are in the database.
//!
//! `append` writes them behind each other and syncs; `drain` takes them out in the same order and stores how far it
//! came once the database has committed. Every call here may wait for the disk, so it runs where waiting is allowed.
//! Never decides what a record means, and never throws one away that was answered: what cannot be used goes to
//! `quarantine/`.

mod ages;
mod disk;
pub(crate) mod frame;
mod position;
pub(crate) mod record;
mod segments;

pub(crate) mod append;
pub(crate) mod drain;
pub mod quarantine;
pub(crate) mod tend;

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use boot::lock::{Lock, LockError};
use domain::id::JournalId;
use domain::time::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use thiserror::Error;
use tokio::sync::Notify;
use tracing::{error, info};

use self::disk::Begins;
use self::position::Position;
use self::quarantine::Quarantine;
use self::record::Record;
use self::segments::{Segment, Segments};

/// Octets of a segment that are read at once.
const WINDOW: usize = 256 * 1024;

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Another process has it.
    #[error(transparent)]
    Held(#[from] LockError),
    /// The disk or the rights to it.
    #[error(
        "the journal in `{}` cannot be used: {source}; make it writable for the user mnetifi runs as",
        path.display()
    )]
    Disk {
        /// The journal's directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Why records were not taken.
#[derive(Debug, Error)]
pub(crate) enum AppendError {
    /// There is no room left.
    #[error("the journal is full")]
    Full,
    /// The disk refused.
    #[error("the journal cannot be written: {0}")]
    Disk(#[from] io::Error),
}

/// What the journal tells of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauges {
    /// Octets on disk.
    pub(crate) bytes: Gauge,
    /// Octets that may be.
    pub(crate) bytes_max: Gauge,
    /// Records that are answered and not yet in the database.
    pub(crate) waiting: Gauge,
    /// Files that are kept aside.
    pub(crate) quarantine: Gauge,
}

/// Where the reading goes on: a segment, by its first sequence number, and an offset in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cursor {
    segment: u64,
    offset: u64,
}

/// A record that waits.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Its place in the order.
    pub(crate) sequence: u64,
    /// What it says; the bare payload when this program cannot read it.
    pub(crate) content: Result<Record, Vec<u8>>,
}

impl Entry {
    /// Its payload as it was appended.
    fn payload(&self) -> Vec<u8> {
        match &self.content {
            Ok(record) => record::encode(record).unwrap_or_default(),
            Err(payload) => payload.clone(),
        }
    }
}

/// A directory of segments, held by this process alone.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    id: JournalId,
    segments: Mutex<Segments>,
    quarantine: Quarantine,
    gauges: Gauges,
    /// Rung after every group.
    appended: Notify,
    /// Whether records wait that are older than what the database knows.
    behind: AtomicBool,
    _lock: Lock,
}

impl Journal {
    /// Opens a directory, makes it if need be, and finds the records that an earlier run left.
    ///
    /// `fresh` is its id if it has none yet.
    pub(crate) fn open(
        directory: &Path,
        bytes_max: u64,
        gauges: Gauges,
        fresh: JournalId,
    ) -> Result<Self, JournalError> {
        Self::open_on(disk::begin, directory, bytes_max, gauges, fresh)
    }

    fn open_on(
        begins: Begins,
        directory: &Path,
        bytes_max: u64,
        gauges: Gauges,
        fresh: JournalId,
    ) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Disk { path: directory.to_owned(), source };
        // User names are voucher codes: nobody else may read them.
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let quarantine = Quarantine::open(directory, gauges.quarantine.clone()).map_err(failed)?;
        let lock = Lock::take(&directory.join("lock"))?;
        let Position { journal: id, drained } = position::load(directory, fresh).map_err(failed)?;
        position::store(directory, Position { journal: id, drained }).map_err(failed)?;
        let (segments, waiting) =
            Segments::recover(directory, bytes_max, drained, begins, &quarantine).map_err(failed)?;
        if waiting > 0 {
            info!(waiting, "{waiting} accounting records wait in the journal since the last run");
        }
        gauges.bytes.set(signed(segments.bytes()));
        gauges.bytes_max.set(signed(bytes_max));
        gauges.waiting.set(signed(waiting));
        Ok(Self {
            directory: directory.to_owned(),
            id,
            segments: Mutex::new(segments),
            quarantine,
            gauges,
            appended: Notify::new(),
            behind: AtomicBool::new(waiting > 0),
            _lock: lock,
        })
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a group of payloads. When it returns they survive a power cut; an error means that none was taken.
    pub(crate) fn append(&self, payloads: &[&[u8]], now: Timestamp) -> Result<(), AppendError> {
        {
            let mut segments = self.segments();
            let appended = segments.append(payloads, now);
            self.gauges.bytes.set(signed(segments.bytes()));
            appended?;
            self.gauges.waiting.inc_by(signed(payloads.len() as u64));
        }
        self.appended.notify_one();
        Ok(())
    }

    /// The next records in order, at most `records_max`, and where to read on. Reading changes nothing.
    pub(crate) fn read(&self, from: Cursor, records_max: usize) -> io::Result<(Vec<Entry>, Cursor)> {
        let (mut cursor, drained) = (from, self.segments().drained());
        let mut entries = Vec::new();
        while entries.is_empty() {
            let Some(segment) = self.segments().at(cursor.segment, cursor.offset) else { break };
            if segment.first != cursor.segment {
                cursor = Cursor { segment: segment.first, offset: 0 };
            }
            let octets = window(&segment, cursor.offset)?;
            let mut read = 0;
            for frame in frame::all(&octets) {
                if entries.len() >= records_max {
                    break;
                }
                read += frame.length;
                if frame.sequence >= drained {
                    let record = record::decode(frame.version, frame.payload);
                    entries.push(Entry { sequence: frame.sequence, content: record.ok_or(frame.payload.to_vec()) });
                }
            }
            if read == 0 {
                // It was whole when it was written or found: the disk has changed it since.
                self.set_aside(&segment, cursor.offset)?;
                read = usize::try_from(segment.length - cursor.offset).unwrap_or(usize::MAX);
            }
            cursor.offset += read as u64;
        }
        Ok((entries, cursor))
    }

    /// Copies what cannot be read of a segment to the quarantine.
    fn set_aside(&self, segment: &Segment, offset: u64) -> io::Result<()> {
        let rest = fs::read(&segment.path)?;
        let rest = rest.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
        let kept = self.quarantine.keep_rest(segment.first, rest)?;
        let (path, kept) = (segment.path.display(), kept.display());
        error!("the journal's `{path}` is damaged; {} octets are kept in `{kept}`", rest.len());
        Ok(())
    }

    /// A number that no record of the journal will have.
    pub(crate) fn take_number(&self) -> u64 {
        self.segments().take_number()
    }

    /// What is kept aside.
    pub(crate) const fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// When the oldest record was taken that is not in the database; `None` when none waits.
    pub(crate) fn oldest_at(&self) -> Option<Timestamp> {
        self.segments().oldest_at()
    }

    /// Notes, durably, that all records before `sequence` are in the database.
    pub(crate) fn drained(&self, sequence: u64) -> io::Result<()> {
        position::store(&self.directory, Position { journal: self.id, drained: sequence })?;
        let mut segments = self.segments();
        segments.set_drained(sequence);
        self.gauges.bytes.set(signed(segments.bytes()));
        self.gauges.waiting.set(signed(segments.waiting()));
        Ok(())
    }

    /// Which journal this is.
    pub(crate) const fn id(&self) -> JournalId {
        self.id
    }

    /// Up to where its records are in the database.
    pub(crate) fn position(&self) -> u64 {
        self.segments().drained()
    }

    /// The number that its next record will have: higher than any that it ever gave.
    pub(crate) fn next(&self) -> u64 {
        self.segments().next()
    }

    /// Waits until something was appended since the last time.
    pub(crate) async fn appended(&self) {
        self.appended.notified().await;
    }

    /// Whether records wait that are older than what the database knows.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Relaxed)
    }

    pub(crate) fn set_behind(&self, behind: bool) {
        self.behind.store(behind, Ordering::Relaxed);
    }
}

fn window(segment: &Segment, offset: u64) -> io::Result<Vec<u8>> {
    let left = usize::try_from(segment.length.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut octets = vec![0; left.min(WINDOW)];
    File::open(&segment.path)?.read_exact_at(&mut octets, offset)?;
    Ok(octets)
}

/// Writes a file so that it is there whole or not at all, whatever happens.
pub(crate) fn write_durably(path: &Path, octets: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
