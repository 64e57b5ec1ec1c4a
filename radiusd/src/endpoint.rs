//! One socket with its memory of requests, and the right to answer one of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::network::nas::PortPair;
use radius::Packet;
use radius::dedup::{Dedup, Limits, Ticket, Verdict};
use tracing::debug;

use crate::door::{Entrance, Port};
use crate::guard::pressure::{Kind, Pressure};
use crate::listen::datagram::Path;
use crate::listen::outbox::Outbox;
use crate::listen::radsec::line::StreamReplier;
use crate::listen::socket::RadiusSocket;

/// Requests remembered per socket: ten seconds of 1,600 a second.
const REMEMBERED: u32 = 16_384;

/// The same for the ports of a single router.
const REMEMBERED_OF_PAIR: u32 = 1_024;

/// Octets of replies kept for each request remembered: an accept has about 110, one by MS-CHAPv2 three times that. Of
/// 16,384 requests that is 2 MiB a socket.
const OCTETS_EACH: u32 = 128;

/// How long a request is remembered: RouterOS's last try comes within nine seconds.
const LIFE_MS: u64 = 10_000;

/// A socket of one port, and the requests seen on it lately.
#[derive(Debug)]
pub struct Endpoint {
    /// The socket.
    pub socket: RadiusSocket,
    /// What it is for.
    pub port: Port,
    /// The pair that it belongs to; `None` for the ports of all.
    pub pair: Option<PortPair>,
    dedup: Mutex<Dedup>,
}

/// What to do with a believed request.
#[derive(Debug)]
pub enum Seen {
    /// Answer it with this.
    New(Ticket),
    /// Its first copy is being answered.
    InProgress,
    /// It was answered; the same octets go out again.
    Repeated,
    /// It was answered, and is not answered again: we are behind.
    Left,
}

fn remembering(requests: u32, seed: u64) -> Mutex<Dedup> {
    let octets = usize::try_from(requests.saturating_mul(OCTETS_EACH)).unwrap_or(0);
    Mutex::new(Dedup::new(Limits { capacity: requests, octets, life_ms: LIFE_MS }, seed))
}

impl Endpoint {
    /// An endpoint of a bound socket; `seed` is random.
    pub fn new(socket: RadiusSocket, port: Port, seed: u64) -> Self {
        Self { socket, port, pair: None, dedup: remembering(REMEMBERED, seed) }
    }

    /// The same for ports that single routers have for themselves.
    pub fn of_pair(socket: RadiusSocket, port: Port, pair: PortPair, seed: u64) -> Self {
        Self { socket, port, pair: Some(pair), dedup: remembering(REMEMBERED_OF_PAIR, seed) }
    }

    /// Where it listens, as routers know it.
    pub const fn entrance(&self) -> Entrance {
        Entrance { port: self.port, pair: self.pair }
    }

    /// Looks a believed request up. One that was answered gets the same octets again, through the outbox, unless the
    /// pressure is too high for that.
    pub fn see(&self, packet: &Packet<'_>, path: &Path, now_ms: u64, pressure: Pressure, outbox: &mut Outbox) -> Seen {
        match self.dedup().see(path.peer, packet, now_ms) {
            Verdict::New(ticket) => Seen::New(ticket),
            Verdict::InProgress => Seen::InProgress,
            Verdict::Replay(_) if pressure.sheds(Kind::Repeated, || false) => Seen::Left,
            Verdict::Replay(reply) => {
                outbox.put(reply, path);
                Seen::Repeated
            }
        }
    }

    /// Keeps an answer for copies of its request, and puts it into the outbox.
    pub fn answer(&self, ticket: Ticket, reply: &[u8], path: &Path, outbox: &mut Outbox) {
        self.dedup().answer(ticket, reply);
        outbox.put(reply, path);
    }

    /// Forgets a request that gets no answer, so that its next copy gets a fresh chance.
    pub fn forget(&self, ticket: Ticket) {
        self.dedup().forget(ticket);
    }

    fn dedup(&self) -> MutexGuard<'_, Dedup> {
        self.dedup.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// The right to answer a datagram of this endpoint later.
    pub fn new(endpoint: &Arc<Endpoint>, path: Path, ticket: Ticket) -> Self {
        Self::Datagram(DatagramReplier { endpoint: Arc::clone(endpoint), path, ticket: Some(ticket) })
    }

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
            self.endpoint.dedup().answer(ticket, reply);
        }
        if let Err(error) = self.endpoint.socket.send(reply, &self.path) {
            debug!(%error, peer = %self.path.peer, "a reply could not be sent; the router will ask again");
        }
    }
}

impl Drop for DatagramReplier {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.endpoint.forget(ticket);
        }
    }
}
