//! Why there is no private cluster.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::data_dir::DataDirError;
use crate::lock::LockError;

/// Why the private cluster cannot be made, started or stopped, and what to do about it.
#[derive(Debug, Error)]
pub enum PrivatePostgresError {
    /// No usable PostgreSQL on this machine.
    #[error(
        "found no PostgreSQL {oldest} or newer (looked in {looked}): install one, for example `apt-get install \
         postgresql-15`, name its directory in `postgres.bin` (MNETIFI_POSTGRES_BIN), or use a server elsewhere with \
         `database_url` (DATABASE_URL)"
    )]
    NotInstalled {
        /// The oldest major version we can use.
        oldest: u32,
        /// Every directory that was looked at, and the version found there.
        looked: String,
    },
    /// The cluster was made by a major version that is not installed.
    #[error(
        "the cluster `{}` was made by PostgreSQL {major}, and that version is not installed (found {installed}): \
         install `postgresql-{major}`, or carry the data over with pg_dump or pg_upgrade", cluster.display()
    )]
    OtherMajor {
        /// The cluster.
        cluster: PathBuf,
        /// The version that made it.
        major: u32,
        /// What is installed.
        installed: String,
    },
    /// Another process keeps this data directory.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// PostgreSQL refuses to run as a user without a name.
    #[error(
        "user id {uid} has no line in /etc/passwd, and PostgreSQL refuses to run as somebody without a name: add one \
         (`useradd --uid {uid} mnetifi`), run as another user, or use a server elsewhere with `database_url`"
    )]
    NamelessUser {
        /// The user id.
        uid: u32,
    },
    /// We are root and found nobody to run PostgreSQL as.
    #[error(
        "PostgreSQL does not run as root, and neither `postgres` nor `nobody` is a user here: create one (`useradd \
         --system postgres`), or give the data directory to an unprivileged user"
    )]
    NobodyToRunAs,
    /// The cluster belongs to somebody we are not.
    #[error(
        "the cluster `{}` belongs to user {owner}: run mnetifi as that user or as root, or use another data directory",
        cluster.display()
    )]
    OtherOwner {
        /// The cluster.
        cluster: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The cluster's owner cannot walk to it.
    #[error(
        "user `{user}` cannot reach the cluster `{}`: open the directories above it (`chmod o+x`), or move the data \
         directory", cluster.display()
    )]
    Unreachable {
        /// The cluster.
        cluster: PathBuf,
        /// Who must reach it.
        user: String,
    },
    /// The file that says where the cluster is points at nothing.
    #[error(
        "`{}` says that the cluster is in `{}`, but nothing is there: bring it back, or delete that file to begin with \
         an empty database", file.display(), location.display()
    )]
    LocationLost {
        /// The file `postgres.location`.
        file: PathBuf,
        /// What it names.
        location: PathBuf,
    },
    /// There is no directory for the socket.
    #[error("found no directory for PostgreSQL's socket: {tried}; a path of at most {path_max} bytes is needed")]
    NoRunDirectory {
        /// Each directory that was tried, and why it would not do.
        tried: String,
        /// The longest path the kernel takes.
        path_max: usize,
    },
    /// One of PostgreSQL's programs said no.
    #[error("`{program}` could not {task}: {said}")]
    ProgramRefused {
        /// The program.
        program: &'static str,
        /// What it was to do.
        task: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// The server ends again instead of starting.
    #[error("PostgreSQL does not start (its log is `{}`): {said}", log.display())]
    NotStarting {
        /// Where all it said is written.
        log: PathBuf,
        /// The end of what it said.
        said: String,
    },
    /// Somebody else's server runs in our cluster.
    #[error(
        "another PostgreSQL (process {pid}) runs in `{}` and does not end: stop it with `kill -INT {pid}`", cluster.display()
    )]
    OtherServer {
        /// The cluster.
        cluster: PathBuf,
        /// Its process id.
        pid: u32,
    },
    /// We were asked to stop before it was ready.
    #[error("asked to stop before PostgreSQL was ready")]
    Interrupted,
    /// The thread that keeps the server ended by a fault of ours.
    #[error("the supervisor of PostgreSQL ended unexpectedly: this is a fault in mnetifi, please report it")]
    SupervisorGone,
    /// The operating system refused something.
    #[error("could not {doing}")]
    Io {
        /// What we were doing.
        doing: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl PrivatePostgresError {
    /// The operating system refused what we were doing, given as a verb and its object.
    pub(super) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}
