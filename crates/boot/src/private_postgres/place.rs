//! Where the cluster and its socket are.
//!
//! The cluster is `<data>/postgres`, unless we are root and its owner cannot walk there because a directory above is
//! closed, as in a clone under /root. Then it is elsewhere, and `<data>/postgres.location` says where.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ports::Random;
use tracing::info;

use crate::data_dir::make_directory;
use crate::private_postgres::Options;
use crate::private_postgres::binaries::Binaries;
use crate::private_postgres::cluster;
use crate::private_postgres::connection::{Connection, PORT};
use crate::private_postgres::error::PrivatePostgresError;
use crate::private_postgres::identity::Identity;
use crate::private_postgres::postmaster_pid::PostmasterPid;
use crate::private_postgres::tool;
use crate::random::OsRandom;

/// The longest path of a unix socket: 108 bytes in the kernel's structure, one of them the closing zero.
const SOCKET_PATH_MAX_BYTES: usize = 107;

/// Where the cluster of this data directory is recorded to be, whether or not it has been made yet.
pub(super) fn recorded(data: &Path) -> Result<PathBuf, PrivatePostgresError> {
    let file = location_file(data);
    let location = match fs::read_to_string(&file) {
        Ok(text) => PathBuf::from(text.trim_end_matches('\n')),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(data.join("postgres")),
        Err(source) => return Err(PrivatePostgresError::io(format!("read `{}`", file.display()), source)),
    };
    // The directory around the cluster is made before the record is. Without it, the data went astray: beginning anew
    // in silence would look like losing every customer.
    if !location.is_absolute() || !location.parent().is_some_and(Path::is_dir) {
        return Err(PrivatePostgresError::LocationLost { file, location });
    }
    Ok(location)
}

/// Decides where a cluster that is still to be made will be; its owner can walk there.
pub(super) fn choose(
    options: &Options,
    data: &Path,
    identity: &Identity,
    binaries: &Binaries,
) -> Result<PathBuf, PrivatePostgresError> {
    let recorded = recorded(data)?;
    if !identity.drops_root() || recorded != data.join("postgres") {
        return Ok(recorded);
    }
    let trial = cluster::fresh_directory(&recorded, identity)?;
    let reached = can_enter(&trial, identity, binaries)?;
    fs::remove_dir(&trial)
        .map_err(|source| PrivatePostgresError::io(format!("remove `{}`", trial.display()), source))?;
    if reached { Ok(recorded) } else { elsewhere(options, data, identity, binaries) }
}

fn elsewhere(
    options: &Options,
    data: &Path,
    identity: &Identity,
    binaries: &Binaries,
) -> Result<PathBuf, PrivatePostgresError> {
    // A part of chance, so that a data directory that was deleted and made anew does not find the old data.
    let name = format!("{:016x}-{:08x}", hash_of(data), OsRandom.number() >> 32);
    let home = options.clusters.join(name);
    make_directory(&home, 0o711)?;
    let cluster = home.join("postgres");
    if !can_enter(&home, identity, binaries)? {
        return Err(PrivatePostgresError::Unreachable { cluster, user: identity.user().to_owned() });
    }
    let record = format!("{}\n", cluster.display());
    let file = location_file(data);
    fs::write(&file, record)
        .map_err(|source| PrivatePostgresError::io(format!("write `{}`", file.display()), source))?;
    info!(
        postgres.cluster = %cluster.display(),
        "PostgreSQL runs as `{user}`, who cannot reach `{data}`: its files go to `{cluster}`",
        user = identity.user(), data = data.display(), cluster = cluster.display(),
    );
    Ok(cluster)
}

/// Whether the cluster's owner can walk to a directory. Tried, not computed: access lists and mounts have a say too.
pub(super) fn can_enter(
    directory: &Path,
    identity: &Identity,
    binaries: &Binaries,
) -> Result<bool, PrivatePostgresError> {
    let enter = |directory: &Path| {
        let mut command = tool::command(&binaries.program("postgres"), identity);
        command.arg("--version").current_dir(directory);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status()
    };
    let failed = |source| {
        let program = binaries.program("postgres");
        PrivatePostgresError::io(format!("run `{}` as user `{}`", program.display(), identity.user()), source)
    };
    match enter(directory) {
        Ok(_) => Ok(true),
        // The program itself may be what is closed; then no other directory would help.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            enter(Path::new("/")).map(|_| false).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Makes the directory for the socket, for the owner alone: under the data directory when its path is short enough
/// and the owner can walk there, else under /run or /tmp.
pub(super) fn run_directory(
    data: &Path,
    identity: &Identity,
    binaries: &Binaries,
) -> Result<PathBuf, PrivatePostgresError> {
    let hash = hash_of(data);
    let candidates = [
        data.join("run/postgres"),
        PathBuf::from(format!("/run/mnetifi-{hash:016x}")),
        PathBuf::from(format!("/tmp/mnetifi-{}-{hash:016x}", identity.uid())),
    ];
    let mut tried = Vec::new();
    for candidate in candidates {
        match try_run_directory(&candidate, identity, binaries)? {
            Ok(()) => return Ok(candidate),
            Err(reason) => tried.push(format!("`{}` {reason}", candidate.display())),
        }
    }
    Err(PrivatePostgresError::NoRunDirectory { tried: tried.join(", "), path_max: SOCKET_PATH_MAX_BYTES })
}

/// The inner result says why this directory will not do.
fn try_run_directory(
    directory: &Path,
    identity: &Identity,
    binaries: &Binaries,
) -> Result<Result<(), String>, PrivatePostgresError> {
    let socket = directory.join(format!(".s.PGSQL.{PORT}"));
    let length = socket.as_os_str().as_bytes().len();
    if length > SOCKET_PATH_MAX_BYTES {
        return Ok(Err(format!("makes a socket path of {length} bytes")));
    }
    if directory.to_str().is_none() {
        return Ok(Err(String::from("is not UTF-8, which a database URL must be")));
    }
    if let Err(error) = own_directory(directory, identity) {
        return Ok(Err(format!("cannot be used ({error})")));
    }
    if identity.drops_root() && !can_enter(directory, identity, binaries)? {
        return Ok(Err(format!("cannot be reached by user `{}`", identity.user())));
    }
    Ok(Ok(()))
}

/// Makes a directory, or takes one that is already the owner's. Others may have been first in /tmp.
fn own_directory(directory: &Path, identity: &Identity) -> io::Result<()> {
    match fs::create_dir(directory) {
        Ok(()) if identity.drops_root() => {
            std::os::unix::fs::lchown(directory, Some(identity.uid()), Some(identity.gid()))?;
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(directory)?;
    if !found.is_dir() || found.uid() != identity.uid() {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

/// How to reach the cluster that somebody else keeps running for this data directory, once it answers.
pub(super) fn running(options: &Options) -> Result<Option<Connection>, PrivatePostgresError> {
    let data = fs::canonicalize(&options.data)
        .map_err(|source| PrivatePostgresError::io(format!("look at `{}`", options.data.display()), source))?;
    let cluster = recorded(&data)?;
    let server = PostmasterPid::read(&cluster)?.filter(|server| server.is_ready() && server.runs_in(&cluster));
    Ok(server.and_then(|server| server.connection()))
}

fn location_file(data: &Path) -> PathBuf {
    data.join("postgres.location")
}

/// FNV-1a over the path: names that differ for paths that differ, nothing more.
fn hash_of(path: &Path) -> u64 {
    path.as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
