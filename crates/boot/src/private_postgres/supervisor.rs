//! Keeps one server running, on a thread of its own, until it is asked to stop.

use std::path::Path;
use std::time::Duration;

use ports::Clock;
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use crate::clock::SystemClock;
use crate::data_dir::{DataDir, make_directory};
use crate::lock::Lock;
use crate::private_postgres::connection::{Connection, PORT};
use crate::private_postgres::error::PrivatePostgresError;
use crate::private_postgres::identity::{Identity, refuse_strangers};
use crate::private_postgres::orders::{Inbox, StopAsked};
use crate::private_postgres::postmaster::{Outcome, Postmaster, Start};
use crate::private_postgres::postmaster_pid::{PostmasterPid, remove_stale_notes};
use crate::private_postgres::{Options, Phase, binaries, cluster, place};

/// How long a server of an earlier life may take to end: its last checkpoint has to be written.
const OLD_SERVER_MAX: Duration = Duration::from_secs(120);
/// The first pause before a server that died is started again; each failure doubles it.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);
/// A server that ran so long begins again with the first pause.
const STEADY_MS: u64 = 60_000;

/// The whole life of a private cluster. Returns when the server has ended for good.
pub(super) fn run(
    options: &Options,
    inbox: &Inbox,
    phase: &watch::Sender<Phase>,
    started: oneshot::Sender<Result<Connection, PrivatePostgresError>>,
) {
    // The lock is held until the very end.
    let (_lock, start) = match prepare(options, inbox) {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let postmaster = match first_start(&start, inbox) {
        Ok(postmaster) => postmaster,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    phase.send_replace(Phase::Ready { pid: postmaster.pid() });
    let _ = started.send(Ok(Connection::new(start.socket_dir.clone(), PORT)));
    keep(postmaster, &start, inbox, phase);
    phase.send_replace(Phase::Stopped);
}

/// Everything before the first start: finds what is needed, and makes the cluster if there is none.
fn prepare(options: &Options, inbox: &Inbox) -> Result<(Lock, Start), PrivatePostgresError> {
    let data = DataDir::open(&options.data)?;
    let data = data.path();
    let lock = Lock::take(&data.join("postgres.lock"))?;
    let recorded = place::recorded(data)?;
    refuse_strangers(&recorded)?;
    let made_by = cluster::made_by(&recorded)?;
    let identity = Identity::of_cluster(data, made_by.map(|_| recorded.as_path()))?;
    let binaries = binaries::find(options.bin.as_deref(), &recorded, made_by)?;
    let cluster = if made_by.is_some() {
        if identity.drops_root() && !place::can_enter(&recorded, &identity, &binaries)? {
            return Err(PrivatePostgresError::Unreachable { cluster: recorded, user: identity.user().to_owned() });
        }
        cluster::configure(&recorded, &identity, options.durability)?;
        recorded
    } else {
        let chosen = place::choose(options, data, &identity, &binaries)?;
        cluster::make(&chosen, &identity, &binaries, options.durability, inbox)?;
        chosen
    };
    let socket_dir = place::run_directory(data, &identity, &binaries)?;
    let log = data.join("log");
    make_directory(&log, 0o700)?;
    Ok((lock, Start { binaries, identity, cluster, socket_dir, log: log.join("postgres.log") }))
}

/// Starts the server, after one of an earlier life has ended. Any other failure is final: nobody waits for us yet.
fn first_start(start: &Start, inbox: &Inbox) -> Result<Postmaster, PrivatePostgresError> {
    let began_ms = SystemClock.monotonic_ms();
    let patient = || u128::from(SystemClock.monotonic_ms().saturating_sub(began_ms)) < OLD_SERVER_MAX.as_millis();
    let interrupted = |_: StopAsked| PrivatePostgresError::Interrupted;
    let mut warned = false;
    loop {
        if let Some(old) = other_server(&start.cluster)? {
            if !patient() {
                return Err(PrivatePostgresError::OtherServer { cluster: start.cluster.clone(), pid: old });
            }
            if !warned {
                warned = true;
                info!(postgres.pid = old, "waiting for PostgreSQL {old} of an earlier run to end");
            }
            inbox.pause(Duration::from_millis(50)).map_err(interrupted)?;
            continue;
        }
        let mut postmaster = spawn(start)?;
        match postmaster.until_ready(&start.cluster, inbox) {
            Outcome::Ready => {
                info!(
                    postgres.pid = postmaster.pid(), postgres.socket = %start.socket_dir.display(),
                    duration_ms = SystemClock.monotonic_ms().saturating_sub(began_ms),
                    "PostgreSQL is ready in `{}`", start.cluster.display(),
                );
                return Ok(postmaster);
            }
            Outcome::StopAsked => {
                postmaster.stop();
                return Err(PrivatePostgresError::Interrupted);
            }
            Outcome::Ended { said } if is_still_ending(&said) && patient() => {
                inbox.pause(Duration::from_millis(200)).map_err(interrupted)?;
            }
            Outcome::Ended { said } => {
                return Err(PrivatePostgresError::NotStarting { log: start.log.clone(), said });
            }
        }
    }
}

/// Watches the server, and starts it again whenever it dies.
fn keep(mut postmaster: Postmaster, start: &Start, inbox: &Inbox, phase: &watch::Sender<Phase>) {
    let mut pause = RESTART_PAUSE_MIN;
    loop {
        let up_since_ms = SystemClock.monotonic_ms();
        match postmaster.until_end(inbox) {
            Outcome::Ready => continue,
            Outcome::StopAsked => return postmaster.stop(),
            Outcome::Ended { said } => report_death(phase, &said, pause),
        }
        if SystemClock.monotonic_ms().saturating_sub(up_since_ms) >= STEADY_MS {
            pause = RESTART_PAUSE_MIN;
        }
        match restart(start, &mut pause, inbox, phase) {
            Ok(again) => postmaster = again,
            Err(StopAsked) => return,
        }
        phase.send_replace(Phase::Ready { pid: postmaster.pid() });
        warn!(postgres.pid = postmaster.pid(), "PostgreSQL is back");
    }
}

/// Tries until the server answers again, with growing pauses.
fn restart(
    start: &Start,
    pause: &mut Duration,
    inbox: &Inbox,
    phase: &watch::Sender<Phase>,
) -> Result<Postmaster, StopAsked> {
    loop {
        inbox.pause(*pause)?;
        *pause = pause.saturating_mul(2).min(RESTART_PAUSE_MAX);
        let mut postmaster = match spawn(start) {
            Ok(postmaster) => postmaster,
            Err(error) => {
                report_death(phase, &error.to_string(), *pause);
                continue;
            }
        };
        match postmaster.until_ready(&start.cluster, inbox) {
            Outcome::Ready => return Ok(postmaster),
            Outcome::Ended { said } => report_death(phase, &said, *pause),
            Outcome::StopAsked => {
                postmaster.stop();
                return Err(StopAsked);
            }
        }
    }
}

fn spawn(start: &Start) -> Result<Postmaster, PrivatePostgresError> {
    remove_stale_notes(&start.cluster, &start.socket_dir);
    Postmaster::spawn(start)
}

fn report_death(phase: &watch::Sender<Phase>, said: &str, pause: Duration) {
    error!(
        postgres.restart_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        "PostgreSQL is down, starting it again: {}",
        said.escape_debug()
    );
    phase.send_replace(Phase::Down { reason: said.to_owned() });
}

/// The process id of a server that runs in the cluster although nobody holds our lock.
fn other_server(cluster: &Path) -> Result<Option<u32>, PrivatePostgresError> {
    let note = PostmasterPid::read(cluster)?;
    Ok(note.filter(|note| note.runs_in(cluster)).map(|note| note.pid()))
}

/// Whether a server refused to start because processes of the one before are still there.
fn is_still_ending(said: &str) -> bool {
    said.contains("already exists")
        || said.contains("pre-existing shared memory block")
        || said.contains("is still in use")
}
