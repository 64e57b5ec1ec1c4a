//! The files of the log: one that grows, one that waits to be grown, and older ones until they are saved.
//!
//! Whoever writes holds the lock for one write into the page cache. Making, syncing and removing files is done beside
//! it, by [`Log::tend`]. A file is named by its place in the order; each frame in it says the number of its first
//! record, and numbers only go up, also over restarts.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boot::lock::{Lock, LockError};
use domain::id::NodeId;
use domain::time::{Span, Timestamp};
use records::View;
use thiserror::Error;
use tracing::{error, info, warn};

use super::meters::DecisionMeters;
use crate::journal::{frame, remove, sync_directory, write_durably};

/// How payloads are written: records one behind the other.
const VERSION: u8 = 1;

/// Octets of one file, more or less.
const SEGMENT_BYTES: u64 = 16 * 1_024 * 1_024;

/// Files that fit the log at least.
const SEGMENTS_MIN: u64 = 8;

/// Octets that are read at once; longer than any frame.
const WINDOW: usize = 1_024 * 1_024;

/// More numbers than records can have been lost with the power: a number is never given twice.
const LEAP: u64 = 1 << 24;

/// How often it is told that records are lost.
const TOLD_EVERY: Span = Span::seconds(60);

const EXTENSION: &str = "decisions";

/// Why a log of decisions cannot be used.
#[derive(Debug, Error)]
pub enum LogError {
    /// Another process has it.
    #[error(transparent)]
    Held(#[from] LockError),
    /// The disk or the rights to it.
    #[error(
        "the log of decisions in `{}` cannot be used: {source}; make it writable for the user mnetifi runs as",
        path.display()
    )]
    Disk {
        /// Its directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Where the reading goes on: a file, by its place in the order, and an offset in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Cursor {
    ordinal: u64,
    offset: u64,
}

/// Whole frames of one file.
#[derive(Debug)]
pub(super) struct Chunk {
    octets: Vec<u8>,
    /// Where the reading goes on after it.
    pub(super) next: Cursor,
}

impl Chunk {
    /// Octets of its frames.
    pub(super) const fn len(&self) -> usize {
        self.octets.len()
    }

    /// Each record with its number.
    pub(super) fn records(&self) -> impl Iterator<Item = (u64, View<'_>)> {
        let known = frame::all(&self.octets).filter(|frame| frame.version == VERSION);
        known.flat_map(|frame| (frame.sequence..).zip(records::all(frame.payload)))
    }
}

/// One file.
#[derive(Debug)]
struct Segment {
    ordinal: u64,
    path: PathBuf,
    /// The number of its first record, and the one behind its last.
    first: u64,
    next: u64,
    /// Octets that are records.
    length: u64,
    /// How many of them are on the disk.
    synced: u64,
    /// Open while it grows or is not all on the disk.
    file: Option<Arc<File>>,
    /// When it was seen that it grows no more.
    ended_at: Option<Timestamp>,
}

#[derive(Debug)]
struct State {
    segments: VecDeque<Segment>,
    spare: Option<Segment>,
    /// The number of the next record.
    next: u64,
    /// All records before this one are in the database.
    saved: u64,
    bytes: u64,
    /// Why the last append failed.
    failing: Option<ErrorKind>,
    /// Records that were lost since it was told.
    shed: u64,
    /// When that was.
    told_at: Option<Timestamp>,
}

/// A directory of files, held by this process alone.
#[derive(Debug)]
pub(super) struct Log {
    directory: PathBuf,
    bytes_max: u64,
    kept: Span,
    node: Mutex<NodeId>,
    state: Mutex<State>,
    pub(super) meters: DecisionMeters,
    _lock: Lock,
}

impl Log {
    pub(super) fn open(
        directory: &Path,
        bytes_max: u64,
        kept: Span,
        fresh: NodeId,
        meters: DecisionMeters,
    ) -> Result<Self, LogError> {
        let failed = |source| LogError::Disk { path: directory.to_owned(), source };
        // User names are voucher codes: nobody else may read them.
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let lock = Lock::take(&directory.join("lock"))?;
        let node = read_node(directory, fresh).map_err(failed)?;
        let segments = recover(directory).map_err(failed)?;
        let next = segments.iter().map(|segment| segment.next).max().map_or(0, |next| next + LEAP);
        let bytes = segments.iter().map(|segment| segment.length).sum();
        let state = State { segments, spare: None, next, saved: 0, bytes, failing: None, shed: 0, told_at: None };
        let log = Self {
            directory: directory.to_owned(),
            bytes_max,
            kept,
            node: Mutex::new(node),
            state: Mutex::new(state),
            meters,
            _lock: lock,
        };
        // A run never writes behind what an earlier one has left.
        log.make_spare().map_err(failed)?;
        log.state().roll();
        log.make_spare().map_err(failed)?;
        Ok(log)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node whose log this is.
    pub(super) fn node(&self) -> NodeId {
        *self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the log another id: the database knows more of the old one than can be in it.
    pub(super) fn rename(&self, fresh: NodeId) -> io::Result<()> {
        write_node(&self.directory, fresh)?;
        *self.node.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The number that the next record will have.
    pub(super) fn next(&self) -> u64 {
        self.state().next
    }

    /// Writes a frame, whose header is filled in here. Records that cannot be written are shed, and counted.
    pub(super) fn append(&self, frame: &mut [u8], records: u64) {
        let mut state = self.state();
        let written = state.write(frame, records, self.segment_max(), self.bytes_max);
        let bytes = state.bytes;
        match written {
            Ok(()) => {
                self.meters.records.inc_by(records);
            }
            Err(why) => {
                state.shed += records;
                state.failing = Some(why);
                self.meters.shed.inc_by(records);
            }
        }
        drop(state);
        self.meters.log_bytes.set(signed(bytes));
    }

    const fn segment_max(&self) -> u64 {
        let share = self.bytes_max / SEGMENTS_MIN;
        if share < SEGMENT_BYTES { share } else { SEGMENT_BYTES }
    }

    /// Makes the next file, syncs what is not on the disk yet, and lets go of files. Waits for the disk; to be called
    /// every tenth of a second.
    pub(super) fn tend(&self, now: Timestamp) -> io::Result<()> {
        self.make_spare()?;
        self.sync()?;
        for path in self.let_go(now) {
            remove(&path)?;
        }
        self.tell_of_loss(now);
        Ok(())
    }

    fn make_spare(&self) -> io::Result<()> {
        let ordinal = {
            let state = self.state();
            if state.spare.is_some() {
                return Ok(());
            }
            state.segments.back().map_or(0, |last| last.ordinal + 1)
        };
        let path = self.directory.join(format!("{ordinal:020}.{EXTENSION}"));
        let file = File::options().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        sync_directory(&self.directory)?;
        let file = Some(Arc::new(file));
        self.state().spare =
            Some(Segment { ordinal, path, first: 0, next: 0, length: 0, synced: 0, file, ended_at: None });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let unsynced: Vec<_> = {
            let state = self.state();
            let behind = state.segments.iter().filter(|segment| segment.synced < segment.length);
            behind.filter_map(|one| Some((one.ordinal, Arc::clone(one.file.as_ref()?), one.length))).collect()
        };
        for (ordinal, file, length) in unsynced {
            file.sync_data()?;
            if let Some(segment) = self.state().segments.iter_mut().find(|segment| segment.ordinal == ordinal) {
                segment.synced = length;
            }
        }
        Ok(())
    }

    /// Takes files from the list that nobody needs, and the oldest when there is too much; their paths.
    fn let_go(&self, now: Timestamp) -> Vec<PathBuf> {
        let mut state = self.state();
        let growing = state.segments.back().map(|last| last.ordinal);
        for ended in state.segments.iter_mut().filter(|segment| Some(segment.ordinal) != growing) {
            ended.ended_at.get_or_insert(now);
            if ended.synced == ended.length {
                ended.file = None;
            }
        }
        let mut gone = Vec::new();
        while let Some(oldest) = state.segments.front().filter(|_| state.segments.len() > 1) {
            let empty = oldest.length == 0;
            // The newest number is always in some file, so that none is given again.
            if !empty && state.segments.iter().skip(1).all(|later| later.length == 0) {
                break;
            }
            let useless =
                oldest.next <= state.saved && oldest.ended_at.is_some_and(|ended| now.since(ended) > self.kept);
            if !empty && !useless && state.bytes <= self.bytes_max {
                break;
            }
            let Some(oldest) = state.segments.pop_front() else { break };
            state.bytes -= oldest.length;
            let lost = oldest.next.saturating_sub(oldest.first.max(state.saved));
            if lost > 0 {
                state.shed += lost;
                state.failing = Some(ErrorKind::StorageFull);
                self.meters.shed.inc_by(lost);
            }
            gone.push(oldest.path);
        }
        self.meters.log_bytes.set(signed(state.bytes));
        gone
    }

    fn tell_of_loss(&self, now: Timestamp) {
        let (shed, why) = {
            let mut state = self.state();
            if state.failing.is_none() || state.told_at.is_some_and(|told| now.since(told) < TOLD_EVERY) {
                return;
            }
            state.told_at = Some(now);
            (std::mem::take(&mut state.shed), state.failing.take())
        };
        match why {
            Some(ErrorKind::StorageFull) => warn!(
                shed,
                "the log of decisions is full: {shed} of its oldest records are lost; bring the database back, or raise \
                 `decisions.megabytes_max`; this is told once a minute"
            ),
            Some(kind) => error!(shed, "the log of decisions cannot be written, {shed} records are lost: {kind}"),
            None => {}
        }
    }

    /// Notes that the database has all records before this one.
    pub(super) fn set_saved(&self, saved: u64) {
        self.state().saved = saved;
    }

    /// The next frames in order; `None` when all were read. Reading changes nothing.
    pub(super) fn read(&self, mut from: Cursor) -> io::Result<Option<Chunk>> {
        loop {
            let place = self.state().at(from);
            let Some((path, ordinal, offset, length)) = place else { return Ok(None) };
            let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
            let mut octets = vec![0; left.min(WINDOW)];
            let read = File::open(&path).and_then(|file| file.read_exact_at(&mut octets, offset));
            let whole = match read {
                Ok(()) => frame::all(&octets).map(|frame| frame.length).sum(),
                // It was let go of meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => 0,
                Err(error) => return Err(error),
            };
            if whole > 0 {
                octets.truncate(whole);
                return Ok(Some(Chunk { octets, next: Cursor { ordinal, offset: offset + whole as u64 } }));
            }
            if path.exists() {
                self.meters.damaged.inc();
                error!("the log of decisions is damaged: `{}` is not read behind octet {offset}", path.display());
            }
            from = Cursor { ordinal, offset: length };
        }
    }

    /// Shows all records that the log still has, in order.
    pub(super) fn walk(&self, each: &mut dyn FnMut(View<'_>)) -> io::Result<()> {
        let mut cursor = Cursor::default();
        while let Some(chunk) = self.read(cursor)? {
            chunk.records().for_each(|(_, record)| each(record));
            cursor = chunk.next;
        }
        Ok(())
    }
}

impl State {
    fn write(&mut self, frame: &mut [u8], records: u64, segment_max: u64, bytes_max: u64) -> Result<(), ErrorKind> {
        let length = frame.len() as u64;
        if self.segments.back().is_none_or(|last| last.length > 0 && last.length + length > segment_max) {
            self.roll();
        }
        // The next file is not made, or the oldest are not gone: whoever does that is behind or fails.
        let Some(last) = self.segments.back_mut() else { return Err(ErrorKind::NotFound) };
        let Some(file) = &last.file else { return Err(ErrorKind::NotFound) };
        if last.length > 0 && last.length + length > 2 * segment_max || self.bytes > bytes_max + 2 * segment_max {
            return Err(ErrorKind::StorageFull);
        }
        frame::seal(frame, VERSION, self.next);
        // At its place: what a failed write has left is written over.
        file.write_all_at(frame, last.length).map_err(|error| error.kind())?;
        if last.length == 0 {
            last.first = self.next;
        }
        self.next += records;
        last.next = self.next;
        last.length += length;
        self.bytes += length;
        Ok(())
    }

    fn roll(&mut self) {
        self.segments.extend(self.spare.take());
    }

    /// The file to read at a place, or the one that follows: path, place in the order, offset, length.
    fn at(&self, from: Cursor) -> Option<(PathBuf, u64, u64, u64)> {
        let offset = |segment: &Segment| if segment.ordinal == from.ordinal { from.offset } else { 0 };
        let found = self.segments.iter().find(|one| one.ordinal >= from.ordinal && offset(one) < one.length)?;
        Some((found.path.clone(), found.ordinal, offset(found), found.length))
    }
}

/// Finds the files of earlier runs. What is torn at an end is left as it is, and not read.
fn recover(directory: &Path) -> io::Result<VecDeque<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let Some(ordinal) = number.filter(|_| path.extension().is_some_and(|known| known == EXTENSION)) {
            found.push((ordinal, path));
        }
    }
    found.sort();
    let mut segments = VecDeque::new();
    for (ordinal, path) in found {
        let octets = fs::read(&path)?;
        let (mut first, mut next, mut length) = (None, 0, 0);
        for frame in frame::all(&octets) {
            first.get_or_insert(frame.sequence);
            next = frame.sequence + records::all(frame.payload).count() as u64;
            length += frame.length as u64;
        }
        let torn = octets.len() as u64 - length;
        if torn > 0 {
            info!(torn, "`{}` ends in {torn} octets that are no whole record", path.display());
        }
        let first = first.unwrap_or(0);
        segments.push_back(Segment { ordinal, path, first, next, length, synced: length, file: None, ended_at: None });
    }
    Ok(segments)
}

fn read_node(directory: &Path, fresh: NodeId) -> io::Result<NodeId> {
    match fs::read_to_string(directory.join("node")) {
        Ok(text) => match text.trim().parse() {
            Ok(node) => Ok(node),
            Err(_) => write_node(directory, fresh).map(|()| fresh),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => write_node(directory, fresh).map(|()| fresh),
        Err(error) => Err(error),
    }
}

fn write_node(directory: &Path, node: NodeId) -> io::Result<()> {
    write_durably(&directory.join("node"), format!("{node}\n").as_bytes())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
