//! The data directory: everything one installation keeps on this machine.
//!
//! ```text
//! <data>/node                who this node is; see [`crate::identity`]
//! <data>/mnetifi.lock        held by the running server
//! <data>/mnetifi.toml        settings, if somebody wrote them
//! <data>/keys/master.key     what secrets in the database are encrypted with; see [`crate::master_key`]
//! <data>/postgres            the private cluster (or postgres.location, saying where it is)
//! <data>/book.snapshot       what the server knew last, sealed; for a start without the database
//! <data>/run                 sockets
//! <data>/log                 what PostgreSQL says
//! ```

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ports::Random;
use thiserror::Error;

use crate::lock::{Lock, LockError};
use crate::master_key::{self, MasterKey, MasterKeyError};

/// Where the master key is in it, unless the configuration names another file.
pub(crate) const MASTER_KEY: &str = "keys/master.key";

/// The data directory, made and absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

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
    /// The master key.
    #[error(transparent)]
    Key(#[from] MasterKeyError),
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
        self.path.join(MASTER_KEY)
    }

    /// Takes the lock of the running server.
    pub fn lock(&self) -> Result<Lock, LockError> {
        Lock::take(&self.path.join("mnetifi.lock"))
    }

    /// The master keys, the one in force first; makes one, once, when this installation has none.
    pub fn master_keys(&self, random: &dyn Random) -> Result<Vec<MasterKey>, DataDirError> {
        let path = self.master_key_file();
        let is_there = path.try_exists();
        if !is_there.map_err(|source| MasterKeyError::Using { path: path.clone(), source })? {
            master_key::make(&path, random)?;
        }
        Ok(master_key::read(&path)?)
    }
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
