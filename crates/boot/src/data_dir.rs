//! The data directory: everything one installation keeps on this machine.
//!
//! ```text
//! <data>/node                who this node is; see [`crate::identity`]
//! <data>/mnetifi.lock        held by the running server
//! <data>/mnetifi.toml        settings, if somebody wrote them
//! <data>/keys/master.key     what secrets in the database are encrypted with
//! <data>/postgres            the private cluster (or postgres.location, saying where it is)
//! <data>/book.snapshot       what the server knew last, sealed; for a start without the database
//! <data>/run                 sockets
//! <data>/log                 what PostgreSQL says
//! ```

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::secret::Secret;
use ports::Random;
use thiserror::Error;

use crate::lock::{Lock, LockError};

/// The data directory, made and absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

/// The key that secrets in the database are encrypted with.
pub type MasterKey = Secret<[u8; 32]>;

/// Why the data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// A folder of it could not be made.
    #[error("could not make the directory `{}`: give `data` (MNETIFI_DATA) a place this user may write to", path.display())]
    Making {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The master key could not be read or written.
    #[error("could not use the master key `{}`", path.display())]
    UsingKey {
        /// The key's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others on this machine may read the master key.
    #[error("the master key `{}` may be read by others (mode {mode:04o}): run `chmod 600` on it", path.display())]
    OpenKey {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the master key `{}` is not 64 hexadecimal digits: restore it from a backup; a new one cannot read old secrets", path.display())]
    BrokenKey {
        /// The key's file.
        path: PathBuf,
    },
}

impl DataDir {
    /// Makes the directory and its folders where they are missing.
    ///
    /// Others may walk through it (mode 0711) but not list it: PostgreSQL, when we run as root, is somebody else.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        make_directory(path, 0o711)?;
        let path = fs::canonicalize(path).map_err(|source| DataDirError::Making { path: path.to_owned(), source })?;
        make_directory(&path.join("keys"), 0o700)?;
        make_directory(&path.join("run"), 0o711)?;
        Ok(Self { path })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where sockets are put.
    pub fn run(&self) -> PathBuf {
        self.path.join("run")
    }

    /// Where the master key is unless the configuration names another file.
    pub fn master_key_file(&self) -> PathBuf {
        self.path.join("keys/master.key")
    }

    /// Takes the lock of the running server.
    pub fn lock(&self) -> Result<Lock, LockError> {
        Lock::take(&self.path.join("mnetifi.lock"))
    }

    /// The master key; makes one, once, when this installation has none.
    pub fn master_key(&self, random: &dyn Random) -> Result<MasterKey, DataDirError> {
        let path = self.master_key_file();
        if !path.try_exists().map_err(|source| DataDirError::UsingKey { path: path.clone(), source })? {
            make_key(&path, random).map_err(|source| DataDirError::UsingKey { path: path.clone(), source })?;
        }
        read_master_key(&path)
    }
}

/// Reads a master key: 64 hexadecimal digits in a file that only its owner may read.
pub fn read_master_key(path: &Path) -> Result<MasterKey, DataDirError> {
    let using = |source| DataDirError::UsingKey { path: path.to_owned(), source };
    let file = File::open(path).map_err(using)?;
    let mode = file.metadata().map_err(using)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(DataDirError::OpenKey { path: path.to_owned(), mode });
    }
    // Room for all of it at once: a vector that grows would leave copies behind.
    let mut digits = Vec::with_capacity(128);
    file.take(100).read_to_end(&mut digits).map_err(using)?;
    let digits = Secret::new(digits);
    parse_key(digits.expose()).ok_or_else(|| DataDirError::BrokenKey { path: path.to_owned() })
}

fn parse_key(digits: &[u8]) -> Option<MasterKey> {
    let digits = digits.trim_ascii();
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (octet, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *octet = u8::try_from(high * 16 + low).ok()?;
    }
    Some(Secret::new(key))
}

/// Writes a new key under another name first, so that a crash leaves a whole key or none; never replaces one.
fn make_key(path: &Path, random: &dyn Random) -> io::Result<()> {
    let mut key = [0; 32];
    random.fill(&mut key);
    let mut digits = String::with_capacity(65);
    for octet in key {
        let _ = write!(digits, "{octet:02x}");
    }
    digits.push('\n');

    let half_made = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half_made)?;
    let written = file.write_all(digits.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&half_made, path) {
        // Another process made one in the meantime: that is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&half_made)?;
    linked?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Makes a directory, and those above it that are missing, with exactly this mode, whatever the umask is.
pub(crate) fn make_directory(path: &Path, mode: u32) -> Result<(), DataDirError> {
    let making = |source| DataDirError::Making { path: path.to_owned(), source };
    let missing: Vec<&Path> =
        path.ancestors().take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(directory) {
            Ok(()) => fs::set_permissions(directory, fs::Permissions::from_mode(mode)).map_err(making)?,
            // Somebody made it just now.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(making(error)),
        }
    }
    if path.is_dir() { Ok(()) } else { Err(making(io::ErrorKind::NotADirectory.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn a_master_key_is_made_once_and_stays() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::open(&parent.path().join("var")).unwrap();

        let first = data.master_key(&OsRandom).unwrap();
        let second = data.master_key(&OsRandom).unwrap();

        assert_eq!(first.expose(), second.expose());
        assert_eq!(fs::metadata(data.master_key_file()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(data.path().join("keys")).unwrap().count(), 1);
    }

    #[test]
    fn a_master_key_that_others_may_read_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::open(parent.path()).unwrap();
        data.master_key(&OsRandom).unwrap();
        fs::set_permissions(data.master_key_file(), fs::Permissions::from_mode(0o640)).unwrap();

        let refusal = data.master_key(&OsRandom).unwrap_err().to_string();

        assert!(refusal.contains("mode 0640"), "{refusal}");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_not_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::open(parent.path()).unwrap();
        data.master_key(&OsRandom).unwrap();
        fs::write(data.master_key_file(), "0123").unwrap();

        assert!(matches!(data.master_key(&OsRandom), Err(DataDirError::BrokenKey { .. })));
        assert_eq!(fs::read_to_string(data.master_key_file()).unwrap(), "0123");
    }
}
