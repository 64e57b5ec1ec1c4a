//! Our own PostgreSQL, for whoever does not bring one: a private cluster under the data directory.
//!
//! Uses the PostgreSQL that is installed on the machine and installs nothing. Listens on a unix socket only, and only
//! for root, the cluster's owner and the user we run as. Never runs as root. Dies with us, however we die, and comes
//! back when it dies alone. Makes the superuser and an empty database, no more: other roles and tables are `store`'s.
//!
//! Reading order: `binaries` finds the programs, `identity` decides whom they run as, `place` where they keep
//! their files, `cluster` makes these files with `settings` in them, `postmaster` is one running server and
//! `supervisor` keeps one running.

mod binaries;
mod cluster;
mod connection;
mod death_signal;
mod error;
mod identity;
mod log;
mod orders;
mod place;
mod postmaster;
mod postmaster_pid;
mod settings;
mod supervisor;
mod tool;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use connection::{ADMIN_ROLE, APP_ROLE, Connection, DATABASE};
pub use error::PrivatePostgresError;

use crate::private_postgres::orders::Order;

/// How long a command waits for the cluster of a server that is only just starting.
const ATTACH_WAIT: Duration = Duration::from_secs(60);

/// What a private cluster is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made if it is missing.
    pub data: PathBuf,
    /// The directory with `postgres` and `initdb`; searched for when absent.
    pub bin: Option<PathBuf>,
    /// Whether a crash or a power cut may cost data.
    pub durability: Durability,
    /// Where clusters go whose owner cannot reach the data directory. Only matters when we run as root.
    pub clusters: PathBuf,
}

impl Options {
    /// A durable cluster under this data directory, with the newest PostgreSQL there is.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            bin: None,
            durability: Durability::Safe,
            clusters: PathBuf::from("/var/lib/mnetifi/clusters"),
        }
    }
}

/// Whether a crash or a power cut may cost data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What was committed stays.
    Safe,
    /// Nothing is waited for: for tests and demonstrations, whose data nobody misses.
    Test,
}

/// What the cluster is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is being made or started, or recovers after a crash.
    Starting,
    /// It answers.
    Ready {
        /// The process id of the server.
        pid: u32,
    },
    /// It died and will be started again.
    Down {
        /// The last thing it said.
        reason: String,
    },
    /// It was stopped, by us.
    Stopped,
}

/// A private cluster that runs for as long as this value lives.
///
/// Dropping it stops the server too, but does not wait for that.
#[derive(Debug)]
pub struct PrivatePostgres {
    connection: Connection,
    orders: std::sync::mpsc::Sender<Order>,
    phase: watch::Receiver<Phase>,
    finished: oneshot::Receiver<()>,
}

impl PrivatePostgres {
    /// Makes the cluster if there is none, starts it and returns when it answers.
    ///
    /// After a crash this includes recovery, which can take minutes. Cancelling `shutdown` gives up and stops what was
    /// started; once started, only [`Self::stop`] stops it, so that it can be the last to go.
    pub async fn start(options: Options, shutdown: &CancellationToken) -> Result<Self, PrivatePostgresError> {
        let (orders, inbox) = orders::channel();
        let (phase_sender, phase) = watch::channel(Phase::Starting);
        let (started_sender, mut started) = oneshot::channel();
        let (finished_sender, finished) = oneshot::channel();
        // A thread of its own: the kernel ends PostgreSQL when the thread that spawned it ends, see `death_signal`.
        std::thread::Builder::new()
            .name(String::from("postgres"))
            .spawn(move || {
                supervisor::run(&options, &inbox, &phase_sender, started_sender);
                let _ = finished_sender.send(());
            })
            .map_err(|source| PrivatePostgresError::io("start a thread", source))?;
        let outcome = tokio::select! {
            outcome = &mut started => outcome,
            () = shutdown.cancelled() => {
                drop(orders);
                let _ = finished.await;
                return Err(PrivatePostgresError::Interrupted);
            }
        };
        let connection = outcome.map_err(|_| PrivatePostgresError::SupervisorGone)??;
        Ok(Self { connection, orders, phase, finished })
    }

    /// How to reach it. Stays the same when the server is restarted.
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// What it is doing, now and from now on.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.clone()
    }

    /// Stops the server and returns when no process of it is left.
    ///
    /// Open connections are closed. After 20 s of patience it is stopped without a checkpoint, then killed; either
    /// way nothing that was committed is lost.
    pub async fn stop(self) -> Result<(), PrivatePostgresError> {
        let _ = self.orders.send(Order::Stop);
        self.finished.await.map_err(|_| PrivatePostgresError::SupervisorGone)
    }
}

/// A cluster that a command may use.
#[derive(Debug)]
pub enum Attached {
    /// A server runs beside us and keeps the cluster.
    Running(Connection),
    /// Nobody ran, so we started it and stop it again. Another command that attached to it meanwhile loses it.
    Started(PrivatePostgres),
}

impl Attached {
    /// How to reach the cluster.
    pub fn connection(&self) -> Connection {
        match self {
            Self::Running(connection) => connection.clone(),
            Self::Started(postgres) => postgres.connection(),
        }
    }

    /// Stops the cluster if it is ours to stop.
    pub async fn release(self) -> Result<(), PrivatePostgresError> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Started(postgres) => postgres.stop().await,
        }
    }
}

/// For commands beside a server: uses the running cluster of this data directory, or starts it for as long as the
/// command lasts.
pub async fn attach_or_start(options: Options, shutdown: &CancellationToken) -> Result<Attached, PrivatePostgresError> {
    let mut waited = Duration::ZERO;
    let pause = Duration::from_millis(50);
    loop {
        let refusal = match PrivatePostgres::start(options.clone(), shutdown).await {
            Ok(postgres) => return Ok(Attached::Started(postgres)),
            Err(refusal @ PrivatePostgresError::Locked(crate::lock::LockError::Held { .. })) => refusal,
            Err(other) => return Err(other),
        };
        if let Some(connection) = place::running(&options)? {
            info!(postgres.socket = %connection.socket_dir().display(), "using the PostgreSQL of the running mnetifi");
            return Ok(Attached::Running(connection));
        }
        // The holder is starting or stopping: soon there is either a cluster or no holder.
        if waited >= ATTACH_WAIT {
            return Err(refusal);
        }
        tokio::time::sleep(pause).await;
        waited += pause;
    }
}
