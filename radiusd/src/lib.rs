//! The RADIUS role: routers ask over UDP or TLS who may come online and report who is (RFC 2865, 2866, 5997, 6614).
//!
//! Datagrams come in through [`listen`], pass the [`door`], and are answered by `access`, `accounting` or `status`.
//! Never decides (that is `policy`), never waits for a router, a gateway or a web page, and never answers Reject
//! because *we* are broken.

pub mod decisions;
pub mod directory;
pub mod door;
pub mod endpoint;
pub mod guard;
pub mod hush;
pub mod listen;
pub mod live;
pub mod meters;
pub mod node;

mod access;
mod accounting;
mod admission;
mod housekeeping;
mod journal;
mod pairs;
mod standing;
mod status;
mod worker;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

pub use crate::decisions::LogError;
pub use crate::journal::{JournalError, quarantine};
pub use crate::node::{Parts, Settings};

use crate::door::Port;
use crate::endpoint::Endpoint;
use crate::listen::radsec::{self, keep};
use crate::listen::socket::RadiusSocket;
use crate::node::Node;
use crate::worker::Worker;

/// How long the journal may go on draining when the role stops.
const DRAIN_AT_STOP: Duration = Duration::from_secs(5);

/// How long the last snapshot may take when the role stops.
const SNAPSHOT_AT_STOP: Duration = Duration::from_secs(10);

/// Why the role could not start.
#[derive(Debug, Error)]
pub enum RadiusdError {
    /// An address is not ours or is taken.
    #[error("RADIUS {} cannot listen on {address}: {source}{}", port.name(), hint(source))]
    Binding {
        /// What it was for.
        port: Port,
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// The same for RADIUS over TLS.
    #[error("RADIUS over TLS cannot listen on {address}: {source}{}", hint(source))]
    BindingTls {
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// The journal of accounting cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The log of decisions cannot be used.
    #[error(transparent)]
    Decisions(#[from] LogError),
}

/// Several of our sockets share an address, and so could another server's: then each would get some of the requests.
/// A socket that shares with nobody finds that out.
fn refuse_company(port: Port, address: SocketAddr) -> Result<(), RadiusdError> {
    std::net::UdpSocket::bind(address).map(drop).map_err(|source| RadiusdError::Binding { port, address, source })
}

fn hint(source: &io::Error) -> &'static str {
    if source.kind() == io::ErrorKind::AddrInUse {
        " (is another RADIUS server running? `ss -lunp` shows it)"
    } else if source.kind() == io::ErrorKind::PermissionDenied {
        " (ports under 1024 need root or CAP_NET_BIND_SERVICE)"
    } else if source.kind() == io::ErrorKind::AddrNotAvailable {
        " (this machine does not have that address: `ip addr` shows its own)"
    } else {
        ""
    }
}

/// The role with its sockets bound and nothing answered yet.
pub struct Bound {
    node: Arc<Node>,
    jobs: mpsc::Receiver<accounting::Job>,
    endpoints: Vec<Arc<Endpoint>>,
    tls: Vec<(TcpListener, SocketAddr)>,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("endpoints", &self.endpoints.len()).finish_non_exhaustive()
    }
}

impl Bound {
    /// Opens the journal and binds all sockets.
    pub fn bind(parts: Parts) -> Result<Self, RadiusdError> {
        let (node, jobs) = Node::new(parts)?;
        let settings = &node.settings;
        let mut endpoints = Vec::new();
        for (port, addresses) in [(Port::Auth, &settings.auth), (Port::Acct, &settings.acct)] {
            for &address in addresses {
                refuse_company(port, address)?;
                let sockets = RadiusSocket::bind_several(address, settings.workers.max(1))
                    .map_err(|source| RadiusdError::Binding { port, address, source })?;
                for socket in sockets {
                    let mut seed = [0; 8];
                    node.random.fill(&mut seed);
                    endpoints.push(Arc::new(Endpoint::new(socket, port, u64::from_ne_bytes(seed))));
                }
            }
        }
        pairs::bind(&node, &mut endpoints)?;
        let mut tls = Vec::new();
        for &address in &settings.radsec {
            let bound = radsec::bind(address).and_then(|listener| {
                let address = listener.local_addr()?;
                Ok((listener, address))
            });
            tls.push(bound.map_err(|source| RadiusdError::BindingTls { address, source })?);
        }
        Ok(Self { node, jobs, endpoints, tls })
    }

    /// The addresses it listens on, each once.
    pub fn addresses(&self, port: Port) -> Vec<SocketAddr> {
        let mut addresses: Vec<_> =
            self.endpoints.iter().filter(|e| e.port == port && e.pair.is_none()).map(|e| e.socket.address()).collect();
        addresses.dedup();
        addresses
    }

    /// The addresses it listens on for RADIUS over TLS.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.tls.iter().map(|(_, address)| *address).collect()
    }

    /// Serves until `shutdown`, then finishes what it has taken in.
    pub async fn serve(self, shutdown: CancellationToken) {
        let Self { node, jobs, endpoints, tls } = self;
        let stands_down = CancellationToken::new();
        if !node.store.is_open() {
            // Those who ask in the first moment should be known already.
            directory::snapshot::book::restore(&node).await;
            node.live.regrant_from_memory(&node).await;
        }
        let standing = tokio::spawn(standing::keeper::keep(Arc::clone(&node), stands_down.clone()));
        let listening = Listening::begin(&node, endpoints);
        let mut duties = JoinSet::new();
        if !tls.is_empty() {
            let desk = radsec::Desk::new(&node);
            duties.spawn(keep::keep(Arc::clone(&node), Arc::clone(&desk.shared), shutdown.clone()));
            for (listener, _) in tls {
                duties.spawn(radsec::listen(desk.clone(), listener, shutdown.clone()));
            }
        }
        duties.spawn(directory::refresh::keep_fresh(Arc::clone(&node), shutdown.clone()));
        duties.spawn(directory::sightings::keep_telling(Arc::clone(&node), shutdown.clone()));
        duties.spawn(directory::feed::keep_fresh(Arc::clone(&node), shutdown.clone()));
        duties.spawn(journal::tend::keep_tended(Arc::clone(&node), shutdown.clone()));
        duties.spawn(housekeeping::keep_house(Arc::clone(&node), shutdown.clone()));
        duties.spawn(live::cut::keep_cutting(Arc::clone(&node), shutdown.clone()));
        duties.spawn(decisions::duties::keep_decisions(Arc::clone(&node), shutdown.clone()));
        duties.spawn(decisions::duties::join_decisions(Arc::clone(&node), shutdown.clone()));
        let snapshot_stops = CancellationToken::new();
        let snapshot = tokio::spawn(directory::snapshot::book::keep_writing(Arc::clone(&node), snapshot_stops.clone()));
        let log_stops = CancellationToken::new();
        let (recorder, clock) = (Arc::clone(&node.recorder), Arc::clone(&node.clock));
        let tending = tokio::spawn(decisions::tend(recorder, clock, log_stops.clone()));
        let (appender_stops, last_stops) = (CancellationToken::new(), CancellationToken::new());
        let appender = tokio::spawn(journal::append::append_groups(Arc::clone(&node), jobs, appender_stops.clone()));
        let drain = tokio::spawn(journal::drain::drain(Arc::clone(&node), last_stops.clone()));
        let packer = tokio::spawn(decisions::pack_and_save(Arc::clone(&node), last_stops.clone()));
        let first_uses = tokio::spawn(directory::first_uses::keep_saving(Arc::clone(&node), last_stops.clone()));
        shutdown.cancelled().await;
        listening.end().await;
        while duties.join_next().await.is_some() {}
        appender_stops.cancel();
        // All places among those that wait are free: every login that was taken in has been answered or given up.
        drop(node.waiting.acquire_many(node::WAITING_MAX).await);
        let appended = appender.await;
        last_stops.cancel();
        // What is not drained by then waits on disk for the next start.
        let drained = timeout(DRAIN_AT_STOP, async { (drain.await, first_uses.await, packer.await) }).await;
        // It tells what a start without the database would have to know, so it is written when all is heard.
        snapshot_stops.cancel();
        let snapped = timeout(SNAPSHOT_AT_STOP, snapshot).await;
        log_stops.cancel();
        let tended = tending.await;
        stands_down.cancel();
        let stood_down = standing.await;
        let whole = matches!(drained, Ok((Ok(()), Ok(()), Ok(()))) | Err(_)) && matches!(snapped, Ok(Ok(())) | Err(_));
        if whole && matches!((appended, tended, stood_down), (Ok(()), Ok(()), Ok(()))) {
            info!("RADIUS has stopped; all that was taken in is answered, or its router will ask again");
        }
    }
}

/// The threads that wait on the sockets.
struct Listening {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Listening {
    fn begin(node: &Arc<Node>, endpoints: Vec<Arc<Endpoint>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |endpoint: Arc<Endpoint>| {
            let worker = Worker { node: Arc::clone(node), endpoint, runtime: Handle::current() };
            let stop = Arc::clone(&stop);
            thread::Builder::new()
                .name(format!("radius-{}", worker.endpoint.port.name()))
                .spawn(move || worker.run(&stop))
                .inspect_err(|why| error!("a socket has nobody who listens, for no thread could be started: {why}"))
                .ok()
        };
        let threads = endpoints.into_iter().filter_map(start).collect();
        Self { stop, threads }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended =
            tokio::task::spawn_blocking(|| self.threads.into_iter().filter_map(|thread| thread.join().err()).count());
        if ended.await.is_ok_and(|panicked| panicked > 0) {
            error!("a thread that listens has panicked: this is a bug");
        }
    }
}
