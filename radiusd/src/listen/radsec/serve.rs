//! One connection of a router that has proved who it is: packets in, answers out in whatever order they come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::id::NasId;
use domain::network::certificate::Fingerprint;
use radius::radsec::Frames;
use radius::{Code, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::access;
use crate::accounting;
use crate::directory::registry::{KnownNas, Registry};
use crate::door::{self, Dropped, Port};
use crate::endpoint::Replier;
use crate::listen::radsec::Desk;
use crate::listen::radsec::line::{IN_FLIGHT_MAX, Line, Reply};
use crate::meters::TlsRefusal;
use crate::node::Node;
use crate::status;

/// A connection on which nothing comes for that long is closed. Dead ones are found much earlier, by TCP.
const IDLE_MAX: Duration = Duration::from_secs(3_600);

/// How long the end of a packet may come after its beginning.
const PACKET_WITHIN: Duration = Duration::from_secs(10);

/// How long a router may take to read what it asked for.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// How long requests that were taken in are waited for when the connection ends.
const FINISH_WITHIN: Duration = Duration::from_secs(4);

static NEXT_CONNECTION: AtomicU64 = AtomicU64::new(0);

/// Why a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The router closed it, or it broke.
    Gone,
    /// Its certificate is not in force any more, or its router is no longer ours.
    NotInForce,
    /// The router has too many.
    Replaced,
    /// It was silent for too long, in the middle of a packet or between two.
    Silent,
    /// The router does not read its answers.
    Unread,
    /// What came is not RADIUS, or not made with the secret that everybody knows.
    Nonsense,
    /// The role stops.
    Stopping,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(
    desk: &Desk,
    stream: TlsStream<TcpStream>,
    peer: SocketAddr,
    fingerprint: Fingerprint,
    shutdown: &CancellationToken,
) {
    let node = &desk.node;
    let mut admitted = desk.shared.admitted();
    let named = admitted.borrow_and_update().router_of(fingerprint, node.clock.now());
    let registry = node.registry.load_full();
    let Some((id, nas)) = named.and_then(|id| Some((id, KnownNas::over_tls(registry.by_id(id)?)))) else {
        return desk.refuse(peer, TlsRefusal::NotInForce);
    };
    let name = nas.nas.name.to_string();
    info!(nas.id = %id, %peer, "router `{name}` is connected over TLS from {peer}");
    node.meters.tls.connections.inc();
    let number = NEXT_CONNECTION.fetch_add(1, Ordering::Relaxed);
    let close = desk.limits.opened(id, number, node.clock.monotonic_ms());
    let (line, replies, places) = Line::new(peer);
    let seat = Seat { id, number, peer, registry, nas: Arc::new(nas), line };
    let mut connection = Connection { desk, stream, seat, replies, places, packets: 0, out: Outgoing::default() };
    let ended = tokio::select! {
        biased;
        () = shutdown.cancelled() => End::Stopping,
        () = close.cancelled() => End::Replaced,
        () = not_in_force(&mut admitted, fingerprint, node) => End::NotInForce,
        ended = connection.run() => ended,
    };
    if matches!(ended, End::Stopping | End::Gone | End::Silent) {
        connection.finish().await;
    }
    desk.limits.closed(id, number);
    node.meters.tls.connections.dec();
    info!(nas.id = %id, %peer, "router `{name}` is no longer connected over TLS: {ended:?}");
}

/// Waits until a certificate is not in force any more.
async fn not_in_force(
    admitted: &mut tokio::sync::watch::Receiver<Arc<crate::listen::radsec::admitted::Admitted>>,
    fingerprint: Fingerprint,
    node: &Node,
) {
    loop {
        if admitted.borrow_and_update().router_of(fingerprint, node.clock.now()).is_none() {
            return;
        }
        if admitted.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Who is at the other end.
struct Seat {
    id: NasId,
    number: u64,
    peer: SocketAddr,
    /// The registry in which the router was looked up.
    registry: Arc<Registry>,
    nas: Arc<KnownNas>,
    line: Arc<Line>,
}

impl Seat {
    /// The router as it is now; nothing when it is no longer ours.
    fn nas(&mut self, node: &Node) -> Option<Arc<KnownNas>> {
        let registry = node.registry.load();
        if !Arc::ptr_eq(&registry, &self.registry) {
            self.nas = Arc::new(KnownNas::over_tls(registry.by_id(self.id)?));
            self.registry = Arc::clone(&registry);
        }
        Some(Arc::clone(&self.nas))
    }
}

struct Connection<'a> {
    desk: &'a Desk,
    stream: TlsStream<TcpStream>,
    seat: Seat,
    replies: mpsc::Receiver<Reply>,
    places: Arc<Semaphore>,
    /// Packets that have been handed on.
    packets: u64,
    out: Outgoing,
}

impl Connection<'_> {
    /// Reads, hands on and writes, until there is a reason to end.
    async fn run(&mut self) -> End {
        let mut frames = Frames::default();
        let mut deadline = Instant::now() + IDLE_MAX;
        // A place that was waited for, because all were taken.
        let mut place = None;
        loop {
            let before = self.packets;
            let starved = match self.take_packets(&mut frames, &mut place) {
                Ok(starved) => starved,
                Err(end) => return end,
            };
            if self.packets != before {
                deadline = Instant::now() + if frames.is_within_a_packet() { PACKET_WITHIN } else { IDLE_MAX };
            }
            tokio::select! {
                biased;
                // This connection itself holds a sender, so the end of replies is never seen.
                _ = self.replies.recv_many(&mut self.out.replies, IN_FLIGHT_MAX) => {
                    if let Err(end) = self.out.write(&mut self.stream).await {
                        return end;
                    }
                }
                freed = Arc::clone(&self.places).acquire_owned(), if starved => place = freed.ok(),
                came = self.stream.read(frames.room()), if !starved => match came {
                    Ok(0) | Err(_) => return End::Gone,
                    Ok(octets) => {
                        if !frames.is_within_a_packet() {
                            deadline = Instant::now() + PACKET_WITHIN;
                        }
                        frames.came_in(octets);
                        let now_ms = self.desk.node.clock.monotonic_ms();
                        self.desk.limits.heard(self.seat.id, self.seat.number, now_ms);
                    }
                },
                () = sleep_until(deadline), if !starved => return End::Silent,
            }
        }
    }

    /// Hands on every packet that is there whole and has a place; true if there are more packets than places.
    fn take_packets(&mut self, frames: &mut Frames, place: &mut Option<OwnedSemaphorePermit>) -> Result<bool, End> {
        loop {
            let taken = place.take().or_else(|| Arc::clone(&self.places).try_acquire_owned().ok());
            let Some(free) = taken else { return Ok(true) };
            match frames.take() {
                Ok(None) => return Ok(false),
                Ok(Some(packet)) => {
                    self.packets += 1;
                    hand_on(&self.desk.node, &mut self.seat, packet, free)?;
                }
                Err(why) => {
                    debug!(peer = %self.seat.peer, "closing a connection of {}: {why}", self.seat.peer);
                    return Err(End::Nonsense);
                }
            }
        }
    }

    /// Waits a while for what was taken in, and says good-bye.
    async fn finish(&mut self) {
        let finishing = async {
            self.out.write(&mut self.stream).await?;
            while self.places.available_permits() < IN_FLIGHT_MAX {
                tokio::select! {
                    _ = self.replies.recv_many(&mut self.out.replies, IN_FLIGHT_MAX) => {
                        self.out.write(&mut self.stream).await?;
                    }
                    // Requests that get no answer free their places as well.
                    _ = self.places.acquire_many(u32::try_from(IN_FLIGHT_MAX).unwrap_or(u32::MAX)) => {}
                }
            }
            // The other side may be gone: then it is not told.
            drop(self.stream.shutdown().await);
            Ok::<_, End>(())
        };
        drop(timeout(FINISH_WITHIN, finishing).await);
    }
}

/// What is on its way out. Writing may be broken off and goes on where it was.
#[derive(Default)]
struct Outgoing {
    /// Replies that have not been begun; their requests still count.
    replies: Vec<Reply>,
    octets: Vec<u8>,
    written: usize,
}

impl Outgoing {
    /// Writes what there is in one piece.
    async fn write(&mut self, stream: &mut TlsStream<TcpStream>) -> Result<(), End> {
        match timeout(WRITE_WITHIN, self.write_all(stream)).await {
            Ok(written) => written.map_err(|_broken| End::Gone),
            Err(_elapsed) => Err(End::Unread),
        }
    }

    async fn write_all(&mut self, stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
        loop {
            if self.octets.is_empty() {
                if self.replies.is_empty() {
                    return Ok(());
                }
                for reply in self.replies.drain(..) {
                    self.octets.extend_from_slice(&reply.bytes);
                }
            }
            while self.written < self.octets.len() {
                self.written += match stream.write(&self.octets[self.written..]).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    octets => octets,
                };
            }
            stream.flush().await?;
            self.octets.clear();
            self.written = 0;
        }
    }
}

/// Lets a packet in and gives it to the part that answers it.
fn hand_on(node: &Arc<Node>, seat: &mut Seat, bytes: &[u8], place: OwnedSemaphorePermit) -> Result<(), End> {
    let arrived = Instant::now();
    let Some(nas) = seat.nas(node) else { return Err(End::NotInForce) };
    let code = |bytes| Packet::parse(bytes).map_or("unread", |packet| packet.code().name());
    let (packet, port) = match door::open_tls(bytes, &nas) {
        Ok(opened) => opened,
        Err(why) => {
            node.meters.dropped(Port::Auth, code(bytes), why);
            debug!(nas.id = %seat.id, reason = why.name(), "dropped a packet from {}: {why}", seat.peer);
            // A packet of a kind that we do not serve harms nobody; others show that the two sides do not agree.
            return if why == Dropped::WrongCode { Ok(()) } else { Err(End::Nonsense) };
        }
    };
    nas.state.watch.heard(seat.peer.ip(), node.clock.monotonic_ms());
    let Some(replier) = seat.line.see(&packet, port, place) else {
        node.meters.dropped(port, packet.code().name(), Dropped::Duplicate);
        return Ok(());
    };
    let replier = Replier::Stream(replier);
    if packet.code() == Code::StatusServer {
        status::answer(node, &packet, &nas, replier);
    } else if packet.code() == Code::AccountingRequest {
        accounting::take(node, &packet, nas, replier, arrived);
    } else if let Ok(permit) = Arc::clone(&node.waiting).try_acquire_owned() {
        // The door lets no other code in than Access-Request.
        let request = access::Request { bytes: bytes.into(), nas, replier, arrived, _permit: permit };
        tokio::spawn(access::answer(Arc::clone(node), request));
    } else {
        node.meters.dropped(port, packet.code().name(), Dropped::Overload);
    }
    Ok(())
}
