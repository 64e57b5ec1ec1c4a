//! One running server: spawned, waited for, stopped.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ports::Clock;
use tracing::{info, warn};

use crate::clock::SystemClock;
use crate::private_postgres::binaries::Binaries;
use crate::private_postgres::connection::PORT;
use crate::private_postgres::death_signal::{DeathSignal, tie_to_us};
use crate::private_postgres::error::PrivatePostgresError;
use crate::private_postgres::identity::Identity;
use crate::private_postgres::log::{self, LastWords};
use crate::private_postgres::orders::{self, Inbox};
use crate::private_postgres::postmaster_pid::PostmasterPid;
use crate::private_postgres::tool;

/// How a server is stopped: ever less kindly, each with its time to comply. Nothing committed is lost by any of them.
const STOPPING: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(20)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(10)),
];

/// What a server is started with.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) binaries: Binaries,
    pub(super) identity: Identity,
    pub(super) cluster: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
}

/// A server that was spawned and has not been waited for.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    last_words: LastWords,
    reader: Option<JoinHandle<()>>,
}

/// How waiting for something ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The server answers.
    Ready,
    /// The server ended by itself; this is the last it said.
    Ended { said: String },
    /// We were asked to stop it.
    StopAsked,
}

impl Postmaster {
    /// Spawns a server, tied to the calling thread: see `death_signal`.
    pub(super) fn spawn(start: &Start) -> Result<Self, PrivatePostgresError> {
        let program = start.binaries.program("postgres");
        let failed = |source| PrivatePostgresError::io(format!("run `{}`", program.display()), source);
        let (output, writer) = io::pipe().map_err(failed)?;
        let mut command = tool::command(&program, &start.identity);
        command.arg("-D").arg(&start.cluster).arg("-p").arg(PORT.to_string());
        command.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"]);
        command.args(["-c", "log_destination=stderr"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", quoted(&start.socket_dir)));
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        tie_to_us(&mut command, DeathSignal::Interrupt);
        let child = command.spawn().map_err(failed)?;
        let last_words = LastWords::default();
        let (log, kept) = (start.log.clone(), last_words.clone());
        let reader = std::thread::Builder::new()
            .name(String::from("postgres-log"))
            .spawn(move || log::follow(output, log, &kept))
            .map_err(failed)?;
        Ok(Self { child, last_words, reader: Some(reader) })
    }

    /// The server's process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server answers. Recovery after a crash takes what it takes.
    pub(super) fn until_ready(&mut self, cluster: &Path, inbox: &Inbox) -> Outcome {
        let mut said_at_ms = SystemClock.monotonic_ms();
        loop {
            if let Some(said) = self.ended() {
                return Outcome::Ended { said };
            }
            // The note is being written or not ours yet: look again.
            let note = PostmasterPid::read(cluster).ok().flatten();
            if note.is_some_and(|note| note.is_ready() && note.pid() == self.pid()) {
                return Outcome::Ready;
            }
            if inbox.pause(Duration::from_millis(5)).is_err() {
                return Outcome::StopAsked;
            }
            if SystemClock.monotonic_ms().saturating_sub(said_at_ms) >= 10_000 {
                said_at_ms = SystemClock.monotonic_ms();
                info!(postgres.pid = self.pid(), "PostgreSQL is still starting: {}", self.last_words().escape_debug());
            }
        }
    }

    /// Waits until the server ends or we are asked to stop it.
    pub(super) fn until_end(&mut self, inbox: &Inbox) -> Outcome {
        loop {
            if let Some(said) = self.ended() {
                return Outcome::Ended { said };
            }
            if inbox.pause(Duration::from_millis(100)).is_err() {
                return Outcome::StopAsked;
            }
        }
    }

    /// Stops the server and waits for its end.
    pub(super) fn stop(mut self) {
        for (signal, patience) in STOPPING {
            if signal != Signal::SIGINT {
                warn!(postgres.pid = self.pid(), "PostgreSQL does not stop: sending {signal}");
            }
            // The child was not waited for yet, so its number is still its own.
            let pid = i32::try_from(self.pid()).map(Pid::from_raw);
            let _ = pid.map(|pid| kill(pid, signal));
            let sent_at_ms = SystemClock.monotonic_ms();
            while u128::from(SystemClock.monotonic_ms().saturating_sub(sent_at_ms)) < patience.as_millis() {
                if self.ended().is_some() {
                    return;
                }
                orders::sleep(Duration::from_millis(5));
            }
        }
    }

    /// The last words of a server that has ended.
    fn ended(&mut self) -> Option<String> {
        // An error means that there is no such child any more.
        if matches!(self.child.try_wait(), Ok(None)) {
            return None;
        }
        // What it said may still be on its way; processes it leaves behind can keep the pipe open much longer.
        for _ in 0..20 {
            if self.reader.as_ref().is_none_or(JoinHandle::is_finished) {
                break;
            }
            orders::sleep(Duration::from_millis(5));
        }
        Some(self.last_words())
    }

    fn last_words(&self) -> String {
        tool::last_lines(&self.last_words.text())
    }
}

/// A path inside a list of paths: quoted, because a comma would end it.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('"', "\"\""))
}
