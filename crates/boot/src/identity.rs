//! Who this node is among those that share a database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domain::id::NodeId;
use domain::time::Timestamp;
use ports::Random;
use thiserror::Error;

/// Longest name of a machine that is kept.
const NAME_MAX: usize = 64;

/// A node's id and the name that people know it by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Chosen when the data directory was first used.
    pub node: NodeId,
    /// The machine's name.
    pub name: String,
}

/// Why a node does not know who it is.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The disk or the rights to it.
    #[error("this node's id cannot be kept in `{}`: {source}; make it writable for the user mnetifi runs as", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("`{}` holds no node id: remove it, and this node gets a new one", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

impl Identity {
    /// Whether a data directory has one: a node has run there before.
    pub fn is_kept_in(data: &Path) -> bool {
        data.join("node").exists()
    }

    /// The identity kept in a data directory; the first time, a new one is made.
    pub fn of(data: &Path, random: &dyn Random, now: Timestamp) -> Result<Self, IdentityError> {
        let path = data.join("node");
        let failed = |source| IdentityError::Disk { path: path.clone(), source };
        if !path.try_exists().map_err(failed)? {
            let fresh = NodeId::from_bytes(random.uuid_v7(now));
            write(&path, fresh).map_err(failed)?;
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        let node = text.trim().parse().map_err(|_| IdentityError::Broken { path: path.clone() })?;
        Ok(Self { node, name: machine_name() })
    }
}

/// Writes under another name first, so that a crash leaves a whole id or none; never replaces one.
fn write(path: &Path, node: NodeId) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let half_made = path.with_extension(std::process::id().to_string());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&half_made)?;
    writeln!(file, "{node}").and_then(|()| file.sync_all())?;
    let linked = fs::hard_link(&half_made, path);
    fs::remove_file(&half_made)?;
    match linked {
        // Another process made one in the meantime: that is the id.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all()),
    }
}

fn machine_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn a_node_stays_who_it_is() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("var");
        let now = Timestamp::from_seconds(1_795_000_000);

        let first = Identity::of(&data, &OsRandom, now).unwrap();
        let second = Identity::of(&data, &OsRandom, now).unwrap();

        assert_eq!(first, second);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        fs::write(data.join("node"), "tower").unwrap();
        assert!(matches!(Identity::of(&data, &OsRandom, now), Err(IdentityError::Broken { .. })));
    }
}
