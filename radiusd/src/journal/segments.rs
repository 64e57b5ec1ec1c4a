//! The files of the journal: one that grows, and older ones that wait until they are drained.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use domain::time::Timestamp;
use tracing::{debug, warn};

use super::ages::Ages;
use super::disk::{Begins, Growing};
use super::quarantine::Quarantine;
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
    growing: Option<Box<dyn Growing>>,
    begins: Begins,
    ages: Ages,
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
    pub(super) fn recover(
        directory: &Path,
        bytes_max: u64,
        drained: u64,
        begins: Begins,
        quarantine: &Quarantine,
    ) -> io::Result<(Self, u64)> {
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
            begins,
            ages: Ages::default(),
            next: drained.max(quarantine.next()),
            drained,
            bytes: 0,
            bytes_max,
            warned: false,
        };
        let mut waiting = 0;
        for (first, path) in found {
            waiting += all.recover_one(first, path, quarantine)?;
        }
        all.remove_drained();
        Ok((all, waiting))
    }

    fn recover_one(&mut self, first: u64, path: PathBuf, quarantine: &Quarantine) -> io::Result<u64> {
        let octets = fs::read(&path)?;
        let mut segment = Segment { path, first, next: first, length: 0 };
        let (mut waiting, mut whole) = (0, 0);
        for frame in frame::all(&octets) {
            whole += frame.length;
            segment.next = frame.sequence.saturating_add(1);
            if frame.sequence >= self.drained {
                waiting += 1;
                if let Some(at) = record::decode(frame.version, frame.payload).map(|record| record.at()) {
                    self.ages.mark(frame.sequence, at);
                }
            }
        }
        segment.length = whole as u64;
        if let Some(torn) = octets.get(whole..).filter(|torn| !torn.is_empty()) {
            // Nobody was answered for it, so it may go when there is no room.
            let kept =
                quarantine.keep_rest(first, torn).map_or_else(|why| why.to_string(), |kept| kept.display().to_string());
            File::options().write(true).open(&segment.path)?.set_len(segment.length)?;
            let (path, octets) = (segment.path.display(), torn.len());
            warn!("the journal's `{path}` ends in {octets} octets that are no record, which are cut off: {kept}");
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

    /// A number that no record will have.
    pub(super) const fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
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

    /// Records that are not in the database, or a few more after some could not be written.
    pub(super) fn waiting(&self) -> u64 {
        // A number that was given to a record that could not be written is nobody's.
        let last = self.segments.iter().rev().find(|segment| segment.length > 0);
        last.map_or(0, |last| last.next.saturating_sub(self.drained))
    }

    /// When the oldest record was taken that is not in the database; `None` when none waits.
    pub(super) fn oldest_at(&mut self) -> Option<Timestamp> {
        if self.waiting() > 0 { self.ages.of_oldest(self.drained) } else { None }
    }

    /// Writes a group behind the others and syncs it; all of it is taken or nothing.
    pub(super) fn append(&mut self, payloads: &[&[u8]], now: Timestamp) -> Result<(), AppendError> {
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
        let first = self.next;
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
        self.ages.mark(first, now);
        self.growing = Some(file);
        self.warn_when_filling();
        Ok(())
    }

    fn begin(&mut self) -> io::Result<Box<dyn Growing>> {
        // One to which nothing could be written is of no use.
        if let Some(last) = self.segments.pop_back_if(|last| last.length == 0) {
            super::remove(&last.path)?;
        }
        let path = self.directory.join(format!("{:020}.{EXTENSION}", self.next));
        let file = (self.begins)(&path)?;
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
