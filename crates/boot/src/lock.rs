//! A file that one process holds: nobody else may run on the same directory.
//!
//! The kernel keeps the lock and drops it with the process, however that ends, so a lock is never stale. What stands in
//! the file only says whom to ask; it means nothing once the lock is free.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ports::Clock;
use thiserror::Error;

use crate::clock::SystemClock;

/// A lock that is held until this value is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why a lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error("another mnetifi ({holder}) uses `{}`: stop that one first, or use another data directory", path.display())]
    Held {
        /// The lock's file.
        path: PathBuf,
        /// What the holder wrote about itself: `process 123, running since 2026-11-21T10:00:00Z`.
        holder: String,
    },
    /// The file could not be opened, locked or written.
    #[error("could not use the lock file `{}`: make its directory writable for the user mnetifi runs as", path.display())]
    Using {
        /// The lock's file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock at once or says who holds it; writes our process id and the time into the file.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let using = |source| LockError::Using { path: path.to_owned(), source };
        // A link planted under this name must not lead us to write elsewhere.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map_err(using)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { path: path.to_owned(), holder: holder(&file) });
            }
            Err(TryLockError::Error(error)) => return Err(using(error)),
        }
        let mut lock = Self { file };
        lock.write_holder().map_err(using)?;
        Ok(lock)
    }

    fn write_holder(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "process {}, running since {}", std::process::id(), SystemClock.now())
    }
}

/// What the file says about its holder. The file may be anybody's, so only a short line of plain text is repeated.
fn holder(file: &File) -> String {
    let mut text = String::new();
    let read = file.take(200).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or_default();
    if read.is_err() || line.is_empty() || line.contains(char::is_control) {
        return String::from("process unknown");
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_refused_and_names_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.lock");
        let _first = Lock::take(&path).unwrap();

        let refusal = Lock::take(&path).unwrap_err().to_string();

        assert!(refusal.contains(&format!("process {}, running since 20", std::process::id())), "{refusal}");
    }

    #[test]
    fn a_dropped_lock_can_be_taken_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.lock");
        drop(Lock::take(&path).unwrap());

        assert!(Lock::take(&path).is_ok());
    }

    #[test]
    fn a_link_in_the_place_of_a_lock_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.lock");
        std::os::unix::fs::symlink(directory.path().join("elsewhere"), &path).unwrap();

        assert!(matches!(Lock::take(&path), Err(LockError::Using { .. })));
        assert!(!directory.path().join("elsewhere").exists());
    }
}
