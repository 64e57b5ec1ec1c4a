//! Reads `postmaster.pid`, the note a running server leaves about itself in its cluster.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::private_postgres::connection::{Connection, PORT};
use crate::private_postgres::error::PrivatePostgresError;

/// What the note says. Lines: process id, cluster, start time, port, socket directory, address, shared memory, status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostmasterPid {
    pid: u32,
    port: Option<u16>,
    socket_dir: Option<PathBuf>,
    ready: bool,
}

impl PostmasterPid {
    /// The note of this cluster; none when no server wrote one, or it is not written to its end.
    pub(super) fn read(cluster: &Path) -> Result<Option<Self>, PrivatePostgresError> {
        let file = cluster.join("postmaster.pid");
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(PrivatePostgresError::io(format!("read `{}`", file.display()), source)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pid = lines.first()?.parse().ok()?;
        let port = lines.get(3).and_then(|line| line.parse().ok());
        let socket_dir = lines.get(4).filter(|line| !line.is_empty()).map(PathBuf::from);
        Some(Self { pid, port, socket_dir, ready: lines.get(7) == Some(&"ready") })
    }

    /// The process id of the server.
    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the server answers.
    pub(super) const fn is_ready(&self) -> bool {
        self.ready
    }

    /// How to reach the server, if it listens on a socket.
    pub(super) fn connection(&self) -> Option<Connection> {
        Some(Connection::new(self.socket_dir.clone()?, self.port?))
    }

    /// Whether the process is a PostgreSQL in this cluster. After a restart of the machine or of a container the
    /// number may be anybody's.
    pub(super) fn runs_in(&self, cluster: &Path) -> bool {
        is_server(self.pid, cluster)
    }
}

fn is_server(pid: u32, cluster: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    match (fs::read_link(process.join("cwd")), fs::canonicalize(cluster)) {
        // A server's working directory is its cluster. A dead child that nobody waited for has none.
        (Ok(directory), Ok(cluster)) => directory == cluster,
        // Root in a container may not look at others' processes; who they are and their names are public.
        (Err(error), _) if error.kind() == io::ErrorKind::PermissionDenied => {
            let owner = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.uid());
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            owner(&process).is_some() && owner(&process) == owner(cluster) && name.trim() == "postgres"
        }
        _ => false,
    }
}

/// Removes the notes of a server that is gone, where its number now belongs to another process: PostgreSQL would take
/// that process for the server and refuse to start.
///
/// Only to be called by the holder of the lock on the cluster.
pub(super) fn remove_stale_notes(cluster: &Path, socket_dir: &Path) {
    let notes = [cluster.join("postmaster.pid"), socket_dir.join(format!(".s.PGSQL.{PORT}.lock"))];
    for note in notes {
        let Some(pid) = fs::read_to_string(&note).ok().as_deref().and_then(PostmasterPid::parse).map(|note| note.pid)
        else {
            continue;
        };
        let somebody_has_it = Path::new(&format!("/proc/{pid}")).exists();
        if somebody_has_it && !is_server(pid, cluster) && fs::remove_file(&note).is_ok() {
            warn!("removed `{}`: process {pid} is no PostgreSQL of ours", note.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "4711\n/srv/pg\n1763718000\n5432\n/srv/run\n\n  65537    12\nready   \n";

    #[test]
    fn a_whole_note_names_the_process_and_the_socket() {
        let note = PostmasterPid::parse(NOTE).unwrap();

        assert!(note.is_ready());
        assert_eq!(note.pid(), 4711);
        assert_eq!(note.connection(), Some(Connection::new(PathBuf::from("/srv/run"), 5432)));
    }

    #[test]
    fn a_server_that_still_starts_is_not_ready() {
        assert!(!PostmasterPid::parse(&NOTE.replace("ready   ", "starting")).unwrap().is_ready());
        assert!(!PostmasterPid::parse("4711\n/srv/pg\n").unwrap().is_ready());
    }

    #[test]
    fn an_empty_note_is_none() {
        assert_eq!(PostmasterPid::parse(""), None);
    }

    #[test]
    fn the_note_of_a_process_that_is_something_else_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("postmaster.pid");
        fs::write(&note, format!("{}\n/srv/pg\n", std::process::id())).unwrap();

        remove_stale_notes(directory.path(), directory.path());

        assert!(!note.exists());
    }
}
