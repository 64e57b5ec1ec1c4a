//! The file of the master key: what the database's secrets are encrypted with, outside the database.
//!
//! A line for each key, 64 hexadecimal digits. The first is in force; those after it still open what they sealed, until
//! it is sealed anew. Only the file's owner may read it.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use domain::secret::Secret;
use ports::Random;
use thiserror::Error;
use tracing::warn;
use zeroize::Zeroizing;

/// A key that secrets in the database are encrypted with.
pub type MasterKey = Secret<[u8; 32]>;

/// The most keys that a file holds.
pub const KEYS_MAX: usize = 4;

/// A key's digits and the end of its line.
const LINE: usize = 65;

/// The most octets that are read of a file: each line may end in two.
const FILE_MAX: usize = KEYS_MAX * (LINE + 1) + 16;

/// Why a file of master keys cannot be used.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// It could not be read or written.
    #[error("could not use the master key `{}`", path.display())]
    Using {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others on this machine may read it.
    #[error("the master key `{}` may be read by others (mode {mode:04o}): run `chmod 600` on it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a key.
    #[error(
        "the master key `{}` is not 64 hexadecimal digits, or a few such lines: restore it from a backup; a new one \
         cannot read old secrets",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// It holds as many keys as one may.
    #[error("`{}` holds {KEYS_MAX} keys already: `mnetifi master-key forget` takes out those that nothing needs", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the keys of a file, the one in force first.
pub fn read(path: &Path) -> Result<Vec<MasterKey>, MasterKeyError> {
    let using = |source| MasterKeyError::Using { path: path.to_owned(), source };
    let file = File::open(path).map_err(using)?;
    let mode = file.metadata().map_err(using)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Open { path: path.to_owned(), mode });
    }
    // Room for all of it at once: a vector that grows would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_MAX * 2));
    file.take(FILE_MAX as u64).read_to_end(&mut text).map_err(using)?;
    parse(&text).ok_or_else(|| MasterKeyError::Broken { path: path.to_owned() })
}

/// Reads the file again whenever it is called. What cannot be read is told to the log.
pub fn reader(path: PathBuf) -> impl Fn() -> Option<Vec<MasterKey>> + Send + Sync + 'static {
    move || read(&path).inspect_err(|why| warn!("the master keys stay what they were: {why}")).ok()
}

/// Makes the file with a first key. One that is there already is left alone.
pub fn make(path: &Path, random: &dyn Random) -> Result<(), MasterKeyError> {
    let linked = beside(path, &[fresh(random)], |half_made| match fs::hard_link(half_made, path) {
        // Another process made one in the meantime: that is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(half_made),
        linked => linked.and_then(|()| fs::remove_file(half_made)),
    });
    linked.map_err(|source| MasterKeyError::Using { path: path.to_owned(), source })
}

/// Puts a new key into the file: in force, with those that were there after it.
pub fn put_first(path: &Path, random: &dyn Random) -> Result<(), MasterKeyError> {
    let mut keys = with_room(path)?;
    keys.insert(0, fresh(random));
    replace(path, &keys)
}

/// Puts a new key at the end of the file, where nothing is sealed with it yet: for the other machines to learn first.
pub fn put_last(path: &Path, random: &dyn Random) -> Result<(), MasterKeyError> {
    let mut keys = with_room(path)?;
    keys.push(fresh(random));
    replace(path, &keys)
}

/// Puts the last key of the file in force.
pub fn use_last(path: &Path) -> Result<(), MasterKeyError> {
    let mut keys = read(path)?;
    keys.rotate_right(1);
    replace(path, &keys)
}

/// Takes all keys out of the file but the one in force.
pub fn keep_first(path: &Path) -> Result<(), MasterKeyError> {
    let mut keys = read(path)?;
    keys.truncate(1);
    replace(path, &keys)
}

fn with_room(path: &Path) -> Result<Vec<MasterKey>, MasterKeyError> {
    let keys = read(path)?;
    if keys.len() < KEYS_MAX { Ok(keys) } else { Err(MasterKeyError::Full { path: path.to_owned() }) }
}

fn replace(path: &Path, keys: &[MasterKey]) -> Result<(), MasterKeyError> {
    let using = |source| MasterKeyError::Using { path: path.to_owned(), source };
    let owner = fs::metadata(path).map_err(using)?;
    let replaced = beside(path, keys, |half_made| {
        // Whoever serves as somebody else must be able to read it as before.
        chown(half_made, Some(owner.uid()), Some(owner.gid()))?;
        fs::rename(half_made, path)
    });
    replaced.map_err(using)
}

/// Writes keys under another name first, so that a crash leaves the whole file or the one before it; `place` moves it.
fn beside(path: &Path, keys: &[MasterKey], place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut lines = Zeroizing::new(String::with_capacity(LINE * keys.len()));
    for key in keys {
        for octet in key.expose() {
            let _ = write!(lines, "{octet:02x}");
        }
        lines.push('\n');
    }
    let half_made = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half_made)?;
    let placed = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| place(&half_made));
    if placed.is_err() {
        let _ = fs::remove_file(&half_made);
    }
    placed?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn fresh(random: &dyn Random) -> MasterKey {
    let mut key = [0; 32];
    random.fill(&mut key);
    Secret::new(key)
}

fn parse(text: &[u8]) -> Option<Vec<MasterKey>> {
    let lines = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let keys = lines.map(parse_line).collect::<Option<Vec<_>>>()?;
    (1..=KEYS_MAX).contains(&keys.len()).then_some(keys)
}

fn parse_line(digits: &[u8]) -> Option<MasterKey> {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;
    use crate::random::OsRandom;

    struct Scene {
        _parent: TempDir,
        path: PathBuf,
    }

    impl Scene {
        fn open() -> Self {
            let parent = tempfile::tempdir().unwrap();
            let path = parent.path().join("master.key");
            make(&path, &OsRandom).unwrap();
            Self { _parent: parent, path }
        }

        fn keys(&self) -> Vec<[u8; 32]> {
            read(&self.path).unwrap().iter().map(|key| *key.expose()).collect()
        }
    }

    #[test]
    fn a_master_key_is_made_once_and_stays() {
        let scene = Scene::open();
        let first = scene.keys();

        make(&scene.path, &OsRandom).unwrap();

        assert_eq!(scene.keys(), first);
        assert_eq!(fs::metadata(&scene.path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(scene.path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_key_stands_before_or_behind_the_others_until_they_are_taken_out() {
        let scene = Scene::open();
        let first = scene.keys()[0];

        put_first(&scene.path, &OsRandom).unwrap();
        let in_force = scene.keys()[0];
        put_last(&scene.path, &OsRandom).unwrap();
        let next = scene.keys()[2];

        assert_eq!(scene.keys(), [in_force, first, next]);
        use_last(&scene.path).unwrap();
        assert_eq!(scene.keys(), [next, in_force, first]);
        put_last(&scene.path, &OsRandom).unwrap();
        assert!(matches!(put_first(&scene.path, &OsRandom), Err(MasterKeyError::Full { .. })));
        keep_first(&scene.path).unwrap();
        assert_eq!(scene.keys(), [next]);
        assert_eq!(fs::metadata(&scene.path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(scene.path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_master_key_that_others_may_read_is_refused() {
        let scene = Scene::open();
        fs::set_permissions(&scene.path, fs::Permissions::from_mode(0o640)).unwrap();

        let refusal = read(&scene.path).unwrap_err().to_string();

        assert!(refusal.contains("mode 0640"), "{refusal}");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_not_replaced() {
        let scene = Scene::open();
        let line = "a".repeat(64);
        for broken in ["0123".to_owned(), String::new(), format!("{line}\nzz"), format!("{line}\n").repeat(5)] {
            fs::write(&scene.path, &broken).unwrap();

            assert!(matches!(read(&scene.path), Err(MasterKeyError::Broken { .. })), "{broken}");
            assert!(put_first(&scene.path, &OsRandom).is_err());
            assert_eq!(fs::read_to_string(&scene.path).unwrap(), broken);
        }
    }
}
