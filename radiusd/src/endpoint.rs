//! One socket with its memory of requests, and the right to answer one of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use radius::dedup::{Dedup, Limits, Ticket, Verdict};
use radius::{PACKET_MAX, Packet};
use tracing::debug;

use crate::door::Port;
use crate::listen::datagram::Path;
use crate::listen::radsec::line::StreamReplier;
use crate::listen::socket::RadiusSocket;

/// Requests remembered per socket: ten seconds of 1,600 a second.
const REMEMBERED: u32 = 16_384;

/// How long a request is remembered: RouterOS's last try comes within nine seconds.
const LIFE_MS: u64 = 10_000;

/// A socket of one port, and the requests seen on it lately.
#[derive(Debug)]
pub struct Endpoint {
    /// The socket.
    pub socket: RadiusSocket,
    /// What it is for.
    pub port: Port,
    dedup: Mutex<Dedup>,
}

/// What to do with a believed request.
#[derive(Debug)]
pub enum Seen {
    /// Answer it with this.
    New(Replier),
    /// Its first copy is being answered.
    InProgress,
    /// It was answered; the same octets have been sent again.
    Repeated,
}

impl Endpoint {
    /// An endpoint of a bound socket; `seed` is random.
    pub fn new(socket: RadiusSocket, port: Port, seed: u64) -> Self {
        let dedup = Mutex::new(Dedup::new(Limits { capacity: REMEMBERED, life_ms: LIFE_MS }, seed));
        Self { socket, port, dedup }
    }

    /// Looks a believed request up. One that was answered gets the same octets again at once.
    pub fn see(self: &Arc<Self>, packet: &Packet<'_>, path: Path, now_ms: u64) -> Seen {
        let mut again = [0; PACKET_MAX];
        let length = {
            let mut dedup = self.dedup.lock().unwrap_or_else(PoisonError::into_inner);
            match dedup.see(path.peer, packet, now_ms) {
                Verdict::New(ticket) => {
                    let endpoint = Arc::clone(self);
                    return Seen::New(Replier::Datagram(DatagramReplier { endpoint, path, ticket: Some(ticket) }));
                }
                Verdict::InProgress => return Seen::InProgress,
                Verdict::Replay(reply) => {
                    again[..reply.len()].copy_from_slice(reply);
                    reply.len()
                }
            }
        };
        self.send(&again[..length], &path);
        Seen::Repeated
    }

    fn send(&self, bytes: &[u8], path: &Path) {
        if let Err(error) = self.socket.send(bytes, path) {
            debug!(%error, peer = %path.peer, "a reply could not be sent; the router will ask again");
        }
    }
}

/// The right to answer one request. Dropped without an answer, the request is forgotten, and its next copy gets a
/// fresh chance.
#[derive(Debug)]
pub enum Replier {
    /// It came as a datagram.
    Datagram(DatagramReplier),
    /// It came over TLS.
    Stream(StreamReplier),
}

impl Replier {
    /// Sends the answer.
    pub fn send(self, reply: &[u8]) {
        match self {
            Self::Datagram(replier) => replier.send(reply),
            Self::Stream(replier) => replier.send(reply),
        }
    }

    /// Who asked.
    pub fn peer(&self) -> SocketAddr {
        match self {
            Self::Datagram(replier) => replier.path.peer,
            Self::Stream(replier) => replier.peer(),
        }
    }

    /// What the request came in on; over TLS, what it would have come in on.
    pub fn port(&self) -> Port {
        match self {
            Self::Datagram(replier) => replier.endpoint.port,
            Self::Stream(replier) => replier.port(),
        }
    }
}

/// The right to answer one datagram.
#[derive(Debug)]
pub struct DatagramReplier {
    endpoint: Arc<Endpoint>,
    path: Path,
    ticket: Option<Ticket>,
}

impl DatagramReplier {
    /// Sends the answer and keeps it for copies of the request.
    fn send(mut self, reply: &[u8]) {
        if let Some(ticket) = self.ticket.take() {
            self.endpoint.dedup.lock().unwrap_or_else(PoisonError::into_inner).answer(ticket, reply);
        }
        self.endpoint.send(reply, &self.path);
    }
}

impl Drop for DatagramReplier {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.endpoint.dedup.lock().unwrap_or_else(PoisonError::into_inner).forget(ticket);
        }
    }
}
