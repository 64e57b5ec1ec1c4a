//! How the process ends: kindly at the first signal, at once at the second.
//!
//! Only says that it is time. Whoever holds sockets, writers and databases closes them, in order, and then `main`
//! returns: nothing here ends the process, so that destructors run.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Two tokens: one says stop kindly, the other says stop now. The second includes the first.
#[derive(Clone, Debug)]
pub struct Shutdown {
    graceful: CancellationToken,
    at_once: CancellationToken,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// Tokens that no signal cancels: for tests, and for commands that end by themselves.
    pub fn new() -> Self {
        let at_once = CancellationToken::new();
        Self { graceful: at_once.child_token(), at_once }
    }

    /// Tokens that SIGINT and SIGTERM cancel. SIGHUP changes nothing: settings are read at the start only.
    ///
    /// Must be called inside a tokio runtime; from then on no signal ends the process by itself.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let signals = Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        };
        tokio::spawn(signals.obey(shutdown.clone()));
        Ok(shutdown)
    }

    /// Cancelled when it is time to finish: refuse new work, complete what was begun. Each part gets its own child, so
    /// that stopping one part alone does not stop the others.
    pub fn token(&self) -> CancellationToken {
        self.graceful.child_token()
    }

    /// Cancelled when nothing may be waited for any more.
    pub fn at_once(&self) -> CancellationToken {
        self.at_once.child_token()
    }

    /// Begins to stop, as the first signal does.
    pub fn begin(&self) {
        self.graceful.cancel();
    }

    /// Stops at once, as the second signal does.
    pub fn end(&self) {
        self.at_once.cancel();
    }

    /// Whether stopping has begun.
    pub fn has_begun(&self) -> bool {
        self.graceful.is_cancelled()
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    async fn obey(mut self, shutdown: Shutdown) {
        loop {
            let name = tokio::select! {
                Some(()) = self.interrupt.recv() => "SIGINT",
                Some(()) = self.terminate.recv() => "SIGTERM",
                Some(()) = self.hang_up.recv() => {
                    info!("ignored SIGHUP: settings are read at the start only, so restart to change them");
                    continue;
                }
                else => return,
            };
            if shutdown.has_begun() {
                warn!("{name} while stopping: ending at once");
                shutdown.end();
            } else {
                info!("{name}: stopping; a second signal ends at once");
                shutdown.begin();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ending_at_once_includes_stopping() {
        let shutdown = Shutdown::new();
        let (token, at_once) = (shutdown.token(), shutdown.at_once());

        shutdown.end();

        assert!(token.is_cancelled() && at_once.is_cancelled());
    }

    #[test]
    fn stopping_is_not_ending_at_once() {
        let shutdown = Shutdown::new();

        shutdown.begin();

        assert!(shutdown.token().is_cancelled() && !shutdown.at_once().is_cancelled());
    }

    #[test]
    fn a_part_that_stops_alone_stops_nobody_else() {
        let shutdown = Shutdown::new();

        shutdown.token().cancel();

        assert!(!shutdown.has_begun());
    }
}
