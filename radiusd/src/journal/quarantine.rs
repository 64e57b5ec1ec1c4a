//! What cannot be written to the database and must not be lost: kept aside, until a person has looked.
//!
//! One file for each record, with the reason behind it, and one for each piece of a damaged file. There is room for a
//! stated number; when that is used up nothing more is taken, and the drain stands still rather than lose a record that
//! was answered. Records that are to be tried again wait in `requeue/`, where a running server finds them.

use std::fs::{self, DirBuilder};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::access::usage::UsageKind;
use domain::time::Timestamp;
use prometheus_client::metrics::gauge::Gauge;

use super::record::{self, Record};
use super::{frame, remove, signed, sync_directory, write_durably};

/// Files that are kept at most.
pub const KEPT_MAX: usize = 20_000;

/// Octets of damaged files that are kept at most.
pub const DAMAGED_MAX: u64 = 256 * 1024 * 1024;

/// The longest reason that is kept, in octets.
const REASON_MAX: usize = 500;

const RECORD: &str = "record";
const DAMAGED: &str = "rest";

/// The directory, with what is in it counted.
#[derive(Debug)]
pub(crate) struct Quarantine {
    directory: PathBuf,
    requeued: PathBuf,
    there: Mutex<There>,
    count: Gauge,
}

/// What is there.
#[derive(Clone, Copy, Debug, Default)]
struct There {
    files: usize,
    damaged_octets: u64,
    /// A number above those of all files.
    next: u64,
}

/// A record that is kept aside, as a person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its number, which names its file.
    pub number: u64,
    /// What it says; `None` for a piece of a damaged file.
    pub said: Option<Said>,
    /// Octets of the file.
    pub octets: u64,
    /// Why it was kept; empty when that is not known.
    pub why: String,
    /// Whether it waits to be tried again.
    pub is_requeued: bool,
}

/// What a record that is kept aside says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// `start`, `interim`, `stop` or `restart`.
    pub kind: &'static str,
    /// When it came.
    pub at: Timestamp,
    /// The ISP.
    pub tenant: domain::id::TenantId,
    /// The router.
    pub nas: domain::id::NasId,
    /// User-Name, escaped; empty in the restart of a router.
    pub user_name: String,
    /// Acct-Session-Id, escaped.
    pub acct_session_id: String,
}

impl Quarantine {
    pub(super) fn open(journal: &Path, count: Gauge) -> io::Result<Self> {
        let (directory, requeued) = (journal.join("quarantine"), journal.join("requeue"));
        for made in [&directory, &requeued] {
            DirBuilder::new().recursive(true).mode(0o700).create(made)?;
        }
        let quarantine = Self { directory, requeued, there: Mutex::default(), count };
        quarantine.count()?;
        Ok(quarantine)
    }

    /// Counts what is there, for people may have taken some away.
    pub(super) fn count(&self) -> io::Result<()> {
        let mut there = self.there();
        let (kept, requeued) = (numbered(&self.directory)?, numbered(&self.requeued)?);
        let damaged = kept.iter().filter(|(_, path)| !is_record(path));
        *there = There {
            files: kept.len(),
            damaged_octets: damaged.map(|(_, path)| fs::metadata(path).map_or(0, |file| file.len())).sum(),
            next: kept
                .iter()
                .chain(&requeued)
                .map(|(number, _)| number.saturating_add(1))
                .max()
                .unwrap_or(0)
                .max(there.next),
        };
        self.count.set(signed(there.files as u64));
        Ok(())
    }

    fn there(&self) -> MutexGuard<'_, There> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number above those of all that is kept.
    pub(super) fn next(&self) -> u64 {
        self.there().next
    }

    /// Keeps a record, with the reason.
    pub(super) fn keep(&self, number: u64, payload: &[u8], why: &str) -> io::Result<PathBuf> {
        let mut octets = Vec::new();
        frame::put(&mut octets, record::VERSION, number, payload);
        octets.extend_from_slice(why.get(..why.floor_char_boundary(REASON_MAX)).unwrap_or_default().as_bytes());
        self.write(number, RECORD, &octets)
    }

    /// Keeps octets of a file that are no records.
    pub(super) fn keep_rest(&self, first: u64, rest: &[u8]) -> io::Result<PathBuf> {
        self.write(first, DAMAGED, rest)
    }

    fn write(&self, number: u64, extension: &str, octets: &[u8]) -> io::Result<PathBuf> {
        let mut there = self.there();
        let path = self.directory.join(format!("{number:020}.{extension}"));
        let damaged = if extension == DAMAGED { octets.len() as u64 } else { 0 };
        let is_there = path.exists();
        if !is_there && (there.files >= KEPT_MAX || there.damaged_octets + damaged > DAMAGED_MAX) {
            let place = self.directory.display();
            let full = format!("the quarantine in `{place}` is full: look at it with `mnetifi journal list`");
            return Err(Error::new(ErrorKind::StorageFull, full));
        }
        write_durably(&path, octets)?;
        if !is_there {
            there.files += 1;
            there.damaged_octets += damaged;
        }
        there.next = there.next.max(number.saturating_add(1));
        self.count.set(signed(there.files as u64));
        Ok(path)
    }

    /// The records that are to be tried again, at most `limit`: the file and the payload of each. What is no record
    /// goes back to the others.
    pub(super) fn requeued(&self, limit: usize) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut found = Vec::new();
        for (_, path) in numbered(&self.requeued)?.into_iter().take(limit) {
            let octets = fs::read(&path)?;
            let framed = frame::first(&octets);
            // Written anew, as this program writes it.
            let known = framed.and_then(|framed| record::decode(framed.version, framed.payload));
            match known.and_then(|record| record::encode(&record)) {
                Some(payload) => found.push((path, payload)),
                None => fs::rename(&path, self.directory.join(path.file_name().unwrap_or_default()))?,
            }
        }
        Ok(found)
    }

    /// Forgets one that was taken into the journal again.
    pub(super) fn was_requeued(&self, path: &Path) -> io::Result<()> {
        remove(path)
    }
}

/// What is kept aside in a journal's directory, in the order of the numbers, at most `limit`. Changes nothing, and may
/// be asked beside a running server.
pub fn list(journal: &Path, limit: usize) -> io::Result<Vec<Kept>> {
    let mut all = Vec::new();
    for (directory, is_requeued) in [(journal.join("quarantine"), false), (journal.join("requeue"), true)] {
        for (number, path) in numbered(&directory)?.into_iter().take(limit) {
            match fs::read(&path) {
                Ok(octets) => all.push(read(number, &octets, is_record(&path), is_requeued)),
                // It has gone since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    all.sort_by_key(|kept| kept.number);
    all.truncate(limit);
    Ok(all)
}

/// How many files are kept aside in a journal's directory.
pub fn count(journal: &Path) -> io::Result<usize> {
    Ok(numbered(&journal.join("quarantine"))?.len())
}

/// Has a record tried again: by a running server within seconds, else by the next one. Returns whether it was there.
pub fn requeue(journal: &Path, number: u64) -> io::Result<bool> {
    let (from, to) = (journal.join("quarantine"), journal.join("requeue"));
    let name = format!("{number:020}.{RECORD}");
    match fs::rename(from.join(&name), to.join(&name)) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    sync_directory(&to)?;
    sync_directory(&from)?;
    Ok(true)
}

/// Throws away what is kept under a number, for good. Returns whether it was there.
pub fn discard(journal: &Path, number: u64) -> io::Result<bool> {
    let directory = journal.join("quarantine");
    let mut was_there = false;
    for extension in [RECORD, DAMAGED] {
        let path = directory.join(format!("{number:020}.{extension}"));
        was_there |= path.exists();
        remove(&path)?;
    }
    sync_directory(&directory)?;
    Ok(was_there)
}

fn read(number: u64, octets: &[u8], is_record: bool, is_requeued: bool) -> Kept {
    let framed = frame::first(octets).filter(|_| is_record);
    let why = framed.and_then(|framed| octets.get(framed.length..)).map(String::from_utf8_lossy).unwrap_or_default();
    let said = framed.and_then(|framed| record::decode(framed.version, framed.payload)).map(said);
    let why = if is_record { why.into_owned() } else { "a piece of a damaged file".to_owned() };
    Kept { number, said, octets: octets.len() as u64, why, is_requeued }
}

fn said(record: Record) -> Said {
    let at = record.at();
    match record {
        Record::Usage(usage) => Said {
            kind: match usage.kind {
                UsageKind::Start => "start",
                UsageKind::Interim => "interim",
                UsageKind::Stop(_) => "stop",
            },
            at,
            tenant: usage.tenant,
            nas: usage.nas,
            user_name: usage.user_name,
            acct_session_id: usage.acct_session_id,
        },
        Record::Restart(restart) => Said {
            kind: "restart",
            at,
            tenant: restart.tenant,
            nas: restart.nas,
            user_name: String::new(),
            acct_session_id: String::new(),
        },
    }
}

fn is_record(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == RECORD)
}

/// The files of a directory that are named by a number, in order; none when there is no such directory.
fn numbered(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_ours = path.extension().is_some_and(|extension| extension == RECORD || extension == DAMAGED);
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        found.extend(number.filter(|_| is_ours).map(|number: u64| (number, path)));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
