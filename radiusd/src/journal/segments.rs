//! The files of the journal: one that grows, and older ones that wait until they are drained.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tracing::{debug, warn};

use super::{AppendError, frame, record};

/// Octets of one file at most.
const SEGMENT_MAX: u64 = 16 * 1024 * 1024;

/// Segments that fit the journal at least, so that drained ones can go while the last one grows.
const SEGMENTS_MIN: u64 = 4;

const EXTENSION: &str = "segment";

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The sequence number of its first record.
    pub(super) first: u64,
    /// The sequence number behind its last record.
    next: u64,
    /// Octets that are records and durable; what stands behind them is not read.
    pub(super) length: u64,
}

/// All files, in order.
#[derive(Debug)]
pub(super) struct Segments {
    directory: PathBuf,
    segments: VecDeque<Segment>,
    /// The last segment, while it grows.
    growing: Option<File>,
    /// The sequence number of the next record. Never given twice, even when writing failed.
    next: u64,
    /// All records before this one are in the database, durably noted.
    drained: u64,
    bytes: u64,
    bytes_max: u64,
    warned: bool,
}

impl Segments {
    /// Finds the segments of an earlier run, cuts what is torn, and counts the records that are not drained.
    pub(super) fn recover(directory: &Path, bytes_max: u64, drained: u64) -> io::Result<(Self, u64)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let Some(first) = number.filter(|_| path.extension().is_some_and(|known| known == EXTENSION)) {
                found.push((first, path));
            }
        }
        found.sort();
        let mut all = Self {
            directory: directory.to_owned(),
            segments: VecDeque::new(),
            growing: None,
            next: drained,
            drained,
            bytes: 0,
            bytes_max,
            warned: false,
        };
        let mut waiting = 0;
        for (first, path) in found {
            waiting += all.recover_one(first, path)?;
        }
        all.remove_drained();
        Ok((all, waiting))
    }

    fn recover_one(&mut self, first: u64, path: PathBuf) -> io::Result<u64> {
        let octets = fs::read(&path)?;
        let mut segment = Segment { path, first, next: first, length: 0 };
        let (mut waiting, mut whole) = (0, 0);
        for frame in frame::all(&octets) {
            whole += frame.length;
            segment.next = frame.sequence.saturating_add(1);
            waiting += u64::from(frame.sequence >= self.drained);
        }
        segment.length = whole as u64;
        if let Some(torn) = octets.get(whole..).filter(|torn| !torn.is_empty()) {
            let kept = super::quarantine_rest(&self.directory, first, torn)?;
            File::options().write(true).open(&segment.path)?.set_len(segment.length)?;
            super::cut(&segment.path, torn.len(), &kept);
        }
        self.next = self.next.max(segment.next);
        self.bytes += segment.length;
        if segment.length == 0 {
            super::remove(&segment.path)?;
        } else {
            self.segments.push_back(segment);
        }
        Ok(waiting)
    }

    /// Octets of records on disk.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of the next record.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// All records before this one are in the database.
    pub(super) const fn drained(&self) -> u64 {
        self.drained
    }

    /// The segment to read at a place, or the one that follows; `None` when all was read.
    pub(super) fn at(&self, first: u64, offset: u64) -> Option<Segment> {
        let left = |segment: &&Segment| segment.first > first || (segment.first == first && offset < segment.length);
        self.segments.iter().find(left).cloned()
    }

    /// Writes a group behind the others and syncs it; all of it is taken or nothing.
    pub(super) fn append(&mut self, payloads: &[&[u8]]) -> Result<(), AppendError> {
        let mut group = Vec::new();
        for (sequence, payload) in (self.next..).zip(payloads) {
            frame::put(&mut group, record::VERSION, sequence, payload);
        }
        let length = group.len() as u64;
        let segment_max = SEGMENT_MAX.min(self.bytes_max / SEGMENTS_MIN);
        if self.segments.back().is_some_and(|last| last.length + length > segment_max) {
            self.growing = None;
            self.remove_drained();
        }
        if self.bytes + length > self.bytes_max {
            return Err(AppendError::Full);
        }
        let mut file = match self.growing.take() {
            Some(file) => file,
            None => self.begin()?,
        };
        let written = file.write_all(&group).and_then(|()| file.sync_data());
        self.next += payloads.len() as u64;
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        if let Err(error) = written {
            // The segment is left as it is: nobody knows what of the group is on the disk, and nobody reads it.
            _ = file.set_len(last.length);
            return Err(error.into());
        }
        last.next = self.next;
        last.length += length;
        self.bytes += length;
        self.growing = Some(file);
        self.warn_when_filling();
        Ok(())
    }

    fn begin(&mut self) -> io::Result<File> {
        // One to which nothing could be written is of no use.
        if let Some(last) = self.segments.pop_back_if(|last| last.length == 0) {
            super::remove(&last.path)?;
        }
        let path = self.directory.join(format!("{:020}.{EXTENSION}", self.next));
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        super::sync_directory(&self.directory)?;
        self.segments.push_back(Segment { path, first: self.next, next: self.next, length: 0 });
        Ok(file)
    }

    /// Notes how far the database has the records, and removes the segments before that.
    pub(super) fn set_drained(&mut self, sequence: u64) {
        self.drained = self.drained.max(sequence);
        self.remove_drained();
    }

    fn remove_drained(&mut self) {
        let kept = usize::from(self.growing.is_some());
        while self.segments.len() > kept {
            let Some(oldest) = self.segments.front().filter(|oldest| oldest.next <= self.drained) else { break };
            if let Err(error) = super::remove(&oldest.path) {
                debug!(%error, "a drained segment stays for now: {error}");
                break;
            }
            self.bytes -= oldest.length;
            self.segments.pop_front();
        }
    }

    fn warn_when_filling(&mut self) {
        let percent = self.bytes.saturating_mul(100) / self.bytes_max.max(1);
        if percent >= 80 && !self.warned {
            warn!(
                percent,
                "the journal is {percent} % full: bring the database back, or raise `journal.megabytes_max`"
            );
        }
        self.warned = percent >= 80 || (self.warned && percent >= 70);
    }
}
