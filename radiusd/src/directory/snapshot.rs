//! The book on disk, for a start while the database is away: one file, sealed, as old as its last writing.
//!
//! **Shape.** A head: what it is, the version, when it was taken, as of when it is true, and the file's key, wrapped by
//! the master key. Then chunks, each with its length and whether it is the last, sealed with the file's key. Passwords,
//! codes and routers' secrets are in there, so nothing of it stands in the clear. A chunk holds records, one behind the
//! other; none is parted. What was cut off, moved or changed does not open. Routers come first, for without them nobody
//! may ask.
//!
//! One of another version is not read: the server that wrote it is gone, and a new one is written within a minute of the
//! next time the database answers.
//!
//! It is written beside the last one and takes its place when it is whole and on disk. Both ways it goes chunk by
//! chunk, so memory never holds it twice.

pub(crate) mod book;
mod record;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domain::access::facts::FoundBy;
use domain::access::usage::Recent;
use domain::id::{JournalId, TenantId};
use domain::network::nas::Nas;
use domain::phone::Msisdn;
use domain::sales::plan::Plan;
use domain::secret::SecretBytes;
use domain::time::{Span, Timestamp};
use smallvec::SmallVec;
use store::access::known::KnownRight;
use store::access::sessions::StoredSession;
use store::{Chunk, FileKey, Store, StoreError};
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::record::RightSeen;

use crate::directory::book::Habits;

/// How a file begins.
const MAGIC: &[u8; 16] = b"mnetifi book\r\n\x1a\n";
/// How records are written today.
const VERSION: u16 = 4;
/// The length of a head before its wrapped key.
const HEAD: usize = 36;
/// What the key of the file is for.
const PURPOSE: &str = "book";
/// A chunk is written when it is as long as that.
const CHUNK: usize = 64 * 1024;
/// The longest chunk: one record may be longer than [`CHUNK`], with the most places and the longest names.
const CHUNK_MAX: usize = 512 * 1024;
/// The longest wrapped key.
const WRAPPED_MAX: usize = 256;
/// In the length of a chunk: none follows.
const LAST: u32 = 1 << 31;

/// When a snapshot was taken, and as of when what is in it is true: the database may have been away for a while then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// When it was taken.
    pub taken_at: Timestamp,
    /// When the database last told all that had changed.
    pub known_at: Timestamp,
}

/// Something that this node knows.
#[derive(Debug)]
pub enum Item {
    /// A router, with its shared secret. All of them come first.
    Router(Box<Nas>, SecretBytes),
    /// How far the journal was heard: what is in the snapshot is from all records before this one.
    Heard {
        /// Which journal.
        journal: JournalId,
        /// The place of the next record.
        next: u64,
    },
    /// An open session, as it was heard of last.
    Session {
        /// Whose.
        tenant: TenantId,
        /// What is known of it.
        session: Box<StoredSession>,
    },
    /// An ISP. Comes before everything of it.
    Tenant {
        /// Its id.
        id: TenantId,
        /// Where its calendar runs, and how its people are dealt with.
        habits: Box<Habits>,
    },
    /// A plan at the revision that is in force. Comes before those who bought it.
    Plan(Box<Plan>),
    /// A voucher or subscriber. Comes before its names.
    Right {
        /// Whose.
        tenant: TenantId,
        /// What is known of it.
        right: Box<KnownRight>,
        /// What it had used in the periods that ran, for those whose plan counts it.
        recent: Option<Box<Recent>>,
    },
    /// A name with its meanings, the best first.
    Name {
        /// Whose.
        tenant: TenantId,
        /// The name, octet by octet.
        name: Box<[u8]>,
        /// The phone number that it is.
        phone: Option<Msisdn>,
        /// The ids of vouchers and subscribers, and how the name finds them.
        meanings: SmallVec<[(Uuid, FoundBy); 1]>,
    },
}

/// Why a snapshot cannot be used.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The file cannot be read or written.
    #[error("`{}` cannot be used", path.display())]
    Using {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is no snapshot.
    #[error("`{}` is not a snapshot", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another version of this program wrote it.
    #[error("`{}` was written by another version of this program (form {found}, this one reads {VERSION})", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: u16,
    },
    /// What it tells is too long ago.
    #[error(
        "`{}` tells how things were {hours} hours ago, which is too old to be believed (`book.snapshot_hours`)",
        path.display()
    )]
    TooOld {
        /// The file.
        path: PathBuf,
        /// Its age.
        hours: i64,
    },
    /// It was changed, cut off, or sealed with another key.
    #[error("`{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Its key cannot be made or opened.
    #[error(transparent)]
    Key(#[from] StoreError),
}

/// Writes a snapshot. Dropped without [`finish`](Self::finish), it leaves the last one as it is.
#[derive(Debug)]
pub struct Writer {
    times: Times,
    path: PathBuf,
    fresh: PathBuf,
    file: BufWriter<File>,
    key: FileKey,
    head: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    number: u64,
    items: u64,
}

impl Writer {
    /// Begins a snapshot.
    pub fn create(path: &Path, store: &Store, times: Times) -> Result<Self, SnapshotError> {
        let using = |source| SnapshotError::Using { path: path.to_owned(), source };
        let (key, wrapped) = store.new_file_key(PURPOSE)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&times.taken_at.as_micros().to_le_bytes());
        head.extend_from_slice(&times.known_at.as_micros().to_le_bytes());
        head.extend_from_slice(&u16::try_from(wrapped.len()).unwrap_or(0).to_le_bytes());
        head.extend_from_slice(&wrapped);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(using)?;
        }
        let fresh = path.with_extension("new");
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(using)?;
        let mut file = BufWriter::new(file);
        file.write_all(&head).map_err(using)?;
        // Room for all of it at once: a vector that grows would leave copies of passwords behind.
        let chunk = Zeroizing::new(Vec::with_capacity(CHUNK_MAX));
        Ok(Self { times, path: path.to_owned(), fresh, file, key, head, chunk, number: 0, items: 0 })
    }

    /// When it is taken.
    pub const fn times(&self) -> Times {
        self.times
    }

    /// Adds a router.
    pub fn router(&mut self, nas: &Nas, secret: &[u8]) -> Result<(), SnapshotError> {
        self.add(|out| record::put_router(out, nas, secret))
    }

    /// Says how far the journal was heard.
    pub fn heard(&mut self, journal: JournalId, next: u64) -> Result<(), SnapshotError> {
        self.add(|out| record::put_heard(out, journal, next))
    }

    /// Adds an open session.
    pub fn session(&mut self, tenant: TenantId, session: &StoredSession) -> Result<(), SnapshotError> {
        self.add(|out| record::put_session(out, tenant, session))
    }

    /// Adds an ISP.
    pub fn tenant(&mut self, id: TenantId, habits: &Habits) -> Result<(), SnapshotError> {
        self.add(|out| record::put_tenant(out, id, habits))
    }

    /// Adds a plan.
    pub fn plan(&mut self, plan: &Plan) -> Result<(), SnapshotError> {
        self.add(|out| record::put_plan(out, plan))
    }

    /// Adds a voucher or subscriber.
    pub fn right(&mut self, tenant: TenantId, right: RightSeen<'_>) -> Result<(), SnapshotError> {
        self.add(|out| record::put_right(out, tenant, right))
    }

    /// Adds a name, with the ids of those it means.
    pub fn name(
        &mut self,
        tenant: TenantId,
        name: &[u8],
        phone: Option<&Msisdn>,
        meanings: &[(Uuid, FoundBy)],
    ) -> Result<(), SnapshotError> {
        self.add(|out| record::put_name(out, tenant, name, phone, meanings))
    }

    /// Puts the snapshot in the place of the last one, once it is on disk. Returns how many things are in it.
    pub fn finish(mut self) -> Result<u64, SnapshotError> {
        self.flush(true)?;
        let using = |source| SnapshotError::Using { path: self.path.clone(), source };
        let file = self.file.into_inner().map_err(|error| using(error.into_error()))?;
        file.sync_all().map_err(using)?;
        fs::rename(&self.fresh, &self.path).map_err(using)?;
        if let Some(directory) = self.path.parent() {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(using)?;
        }
        Ok(self.items)
    }

    /// A thing that has no form, because one of its texts is longer than any that is let in, is left out.
    fn add(&mut self, put: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Result<(), SnapshotError> {
        let start = self.chunk.len();
        self.chunk.extend_from_slice(&[0; 4]);
        let put = put(&mut self.chunk);
        let length = self.chunk.len() - start - 4;
        if put.is_none() || length > CHUNK_MAX - CHUNK - 4 {
            self.chunk.truncate(start);
            return Ok(());
        }
        self.chunk[start..start + 4].copy_from_slice(&u32::try_from(length).unwrap_or(0).to_le_bytes());
        self.items += 1;
        if self.chunk.len() >= CHUNK { self.flush(false) } else { Ok(()) }
    }

    fn flush(&mut self, is_last: bool) -> Result<(), SnapshotError> {
        let using = |source| SnapshotError::Using { path: self.path.clone(), source };
        let sealed = self.key.seal(Chunk { head: &self.head, number: self.number, is_last }, &self.chunk)?;
        let length = u32::try_from(sealed.len()).unwrap_or(0) | if is_last { LAST } else { 0 };
        self.file.write_all(&length.to_le_bytes()).map_err(using)?;
        self.file.write_all(&sealed).map_err(using)?;
        self.number += 1;
        self.chunk.clear();
        Ok(())
    }
}

/// Reads a snapshot.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    times: Times,
    file: BufReader<File>,
    key: FileKey,
    head: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    /// Where the next record begins.
    at: usize,
    number: u64,
    was_last: bool,
}

impl Reader {
    /// Opens the snapshot at that path, if there is one that tells of nothing older than `age_max` at `now`.
    pub fn open(path: &Path, store: &Store, now: Timestamp, age_max: Span) -> Result<Option<Self>, SnapshotError> {
        let using = |source| SnapshotError::Using { path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => BufReader::new(file.map_err(using)?),
        };
        let mut head = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut head).map_err(using)?;
        let (times, length) = fixed_head(path, &head)?;
        (&mut file).take(length).read_to_end(&mut head).map_err(using)?;
        let key = store.open_file_key(PURPOSE, head.get(HEAD..).unwrap_or_default())?;
        let age = now.since(times.known_at);
        if age > age_max {
            return Err(SnapshotError::TooOld { path: path.to_owned(), hours: age.as_seconds() / 3_600 });
        }
        let chunk = Zeroizing::new(Vec::new());
        let path = path.to_owned();
        Ok(Some(Self { path, times, file, key, head, chunk, at: 0, number: 0, was_last: false }))
    }

    /// When it was taken, and as of when it is true.
    pub const fn times(&self) -> Times {
        self.times
    }

    /// The next item; `None` at the end. What came before an error is as it was written.
    pub fn read(&mut self) -> Result<Option<Item>, SnapshotError> {
        while self.at == self.chunk.len() {
            if self.was_last {
                return Ok(None);
            }
            self.open_chunk()?;
        }
        let damaged = || SnapshotError::Damaged { path: self.path.clone() };
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let item = rest.get(..length).and_then(record::read).ok_or_else(damaged)?;
        self.at += 4 + length;
        Ok(Some(item))
    }

    fn open_chunk(&mut self) -> Result<(), SnapshotError> {
        let using = |source: io::Error| {
            let path = self.path.clone();
            let is_cut_off = source.kind() == ErrorKind::UnexpectedEof;
            if is_cut_off { SnapshotError::Damaged { path } } else { SnapshotError::Using { path, source } }
        };
        let damaged = || SnapshotError::Damaged { path: self.path.clone() };
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(using)?;
        let length = u32::from_le_bytes(length);
        let is_last = length & LAST != 0;
        let length = usize::try_from(length & !LAST).unwrap_or(usize::MAX);
        if length > CHUNK_MAX + FileKey::OVERHEAD {
            return Err(damaged());
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed).map_err(using)?;
        let chunk = Chunk { head: &self.head, number: self.number, is_last };
        self.chunk = self.key.open(chunk, &sealed).ok_or_else(damaged)?;
        if is_last && self.file.read(&mut [0]).map_err(using)? != 0 {
            return Err(damaged());
        }
        (self.at, self.was_last) = (0, is_last);
        self.number += 1;
        Ok(())
    }
}

/// Looks whether there is a snapshot that a node could start with: it tells of nothing too old, and of routers. `None`
/// when there is no file, or no router in it.
pub fn look(path: &Path, store: &Store, now: Timestamp, age_max: Span) -> Result<Option<Times>, SnapshotError> {
    let Some(mut reader) = Reader::open(path, store, now, age_max)? else { return Ok(None) };
    let tells_of_routers = matches!(reader.read()?, Some(Item::Router(..)));
    Ok(tells_of_routers.then_some(reader.times))
}

/// The times of a snapshot that begins with these octets, and how long its wrapped key is.
fn fixed_head(path: &Path, head: &[u8]) -> Result<(Times, u64), SnapshotError> {
    let foreign = || SnapshotError::Foreign { path: path.to_owned() };
    let rest = head.strip_prefix(MAGIC).ok_or_else(foreign)?;
    let (version, rest) = rest.split_first_chunk().ok_or_else(foreign)?;
    let found = u16::from_le_bytes(*version);
    if found != VERSION {
        return Err(SnapshotError::OtherVersion { path: path.to_owned(), found });
    }
    let damaged = || SnapshotError::Damaged { path: path.to_owned() };
    let (taken_at, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (known_at, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let length = rest.try_into().map(u16::from_le_bytes).map_err(|_| damaged())?;
    if usize::from(length) > WRAPPED_MAX {
        return Err(damaged());
    }
    let at = |micros: &[u8; 8]| Timestamp::from_micros(i64::from_le_bytes(*micros));
    Ok((Times { taken_at: at(taken_at), known_at: at(known_at) }, u64::from(length)))
}
