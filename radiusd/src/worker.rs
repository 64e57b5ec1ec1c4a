//! One socket's thread: batches of datagrams through the door, each to the part that answers it, and the replies of a
//! batch out together.
//!
//! What memory can answer is answered here. What must wait (a name that is not in memory, a record that goes to disk)
//! is handed on with the right to answer it, so that nothing waits behind it.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::time::Timestamp;
use radius::dedup::Ticket;
use radius::{Code, PACKET_MAX, Packet};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::access;
use crate::accounting;
use crate::decisions::Lane;
use crate::directory::registry::Registry;
use crate::door::{self, Dropped, Port, Verified};
use crate::endpoint::{Endpoint, Replier, Seen};
use crate::guard::pressure::{Kind, Pressure};
use crate::listen::datagram::{Batch, Datagram, MESSAGES_MAX, Path};
use crate::listen::outbox::Outbox;
use crate::listen::urgency::Urgency;
use crate::meters::{Outcome, Tally};
use crate::node::Node;
use crate::standing::Pass;
use crate::status;

/// Replies that wait for each other at most.
const REPLIES_TOGETHER: usize = 16;

/// What one thread works with, and nobody else.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) outbox: Outbox,
    pub(crate) tally: Tally,
    /// The way of its decisions into the log.
    pub(crate) lane: Lane,
    /// How much waits behind this batch.
    pub(crate) pressure: Pressure,
    /// When this batch was taken.
    pub(crate) now: Timestamp,
    /// The same by the clock that never goes back.
    pub(crate) now_ms: u64,
    /// Where a reply is written.
    pub(crate) reply: Box<[u8; PACKET_MAX]>,
}

/// A thread's work.
pub(crate) struct Worker {
    pub(crate) node: Arc<Node>,
    pub(crate) endpoint: Arc<Endpoint>,
    /// Where work goes that waits.
    pub(crate) runtime: Handle,
}

/// A request that was let in, and the way back to who sent it.
pub(crate) struct Accepted<'a> {
    pub(crate) verified: Verified<'a>,
    pub(crate) path: Path,
    pub(crate) ticket: Ticket,
    pub(crate) arrived: Instant,
}

impl Worker {
    /// Takes datagrams until the role stops.
    pub(crate) fn run(&self, stop: &AtomicBool) {
        let mut batch = Batch::default();
        let mut desk = Desk {
            outbox: self.endpoint.socket.outbox(),
            tally: Tally::default(),
            lane: self.node.recorder.lane(),
            pressure: Pressure::None,
            now: self.node.clock.now(),
            now_ms: 0,
            reply: Box::new([0; PACKET_MAX]),
        };
        let (mut kernel_drops, mut urgency) = (0, Urgency::default());
        while !stop.load(Ordering::Relaxed) {
            match self.endpoint.socket.receive(&mut batch) {
                Ok(count) => desk.pressure = self.pressure(count),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
                Err(error) => {
                    // ICMP errors of earlier replies surface here (a router that went away); the socket itself is fine.
                    debug!(%error, "receiving on {} said: {error}", self.endpoint.socket.address());
                    std::thread::yield_now();
                    continue;
                }
            }
            let arrived = Instant::now();
            // Once for the batch: it takes less than anybody would notice.
            (desk.now, desk.now_ms) = (self.node.clock.now(), self.node.clock.monotonic_ms());
            // For the whole batch: it takes less than a change of standing may.
            let pass = self.node.standing.enter();
            let registry = self.node.registry.load();
            let mut taken = 0;
            for datagram in batch.datagrams() {
                taken += 1;
                self.take(&registry, &datagram, (arrived, pass.as_ref()), &mut desk);
                if desk.outbox.len() >= REPLIES_TOGETHER {
                    self.finish(arrived, &mut desk);
                }
            }
            drop(pass);
            self.finish(arrived, &mut desk);
            urgency.took(taken, desk.now_ms);
            self.tell_of_kernel_drops(batch.kernel_drops(), &mut kernel_drops);
        }
    }

    /// How much waits. A batch that is not full has left nothing behind.
    fn pressure(&self, taken: usize) -> Pressure {
        if taken < MESSAGES_MAX {
            return Pressure::None;
        }
        let backlog = self.endpoint.socket.backlog();
        Pressure::of(backlog.waiting, backlog.size)
    }

    /// Records the decisions of a batch, sends its replies, and counts them.
    fn finish(&self, arrived: Instant, desk: &mut Desk) {
        // Whoever is answered finds the record of it, whatever becomes of this process.
        desk.lane.flush();
        if !desk.outbox.is_empty() {
            let lost = self.endpoint.socket.send_all(&mut desk.outbox);
            if lost > 0 {
                debug!(lost, "{lost} replies could not be sent; their routers will ask again");
            }
        }
        let answered = desk.tally.answered();
        if answered > 0 {
            self.node.meters.access_seconds.observe(arrived.elapsed(), answered);
            self.node.meters.add(&mut desk.tally);
        }
    }

    fn take(
        &self,
        registry: &Registry,
        datagram: &Datagram<'_>,
        (arrived, pass): (Instant, Option<&Pass<'_>>),
        desk: &mut Desk,
    ) {
        let (node, port) = (&self.node, self.endpoint.port);
        let now_ms = desk.now_ms;
        let verified = match door::open(registry, &node.guard.proofs, datagram, self.endpoint.entrance(), now_ms) {
            Ok(verified) => verified,
            Err(turned) => {
                node.explain(&turned, datagram.path.peer);
                return drop_packet(node, port, datagram, turned.why);
            }
        };
        let (code, pressure) = (verified.packet.code(), desk.pressure);
        if node.guard.sheds(pressure, Kind::of(code), verified.nas, now_ms) {
            return node.meters.dropped(port, code.name(), Dropped::Shed);
        }
        let ticket = match self.endpoint.see(&verified.packet, &datagram.path, now_ms, pressure, &mut desk.outbox) {
            Seen::New(ticket) => ticket,
            Seen::InProgress => return node.meters.dropped(port, code.name(), Dropped::Duplicate),
            Seen::Left => return node.meters.dropped(port, code.name(), Dropped::Shed),
            Seen::Repeated => return node.meters.answered(code.name(), Outcome::Repeated),
        };
        let accepted = Accepted { verified, path: datagram.path, ticket, arrived };
        if code == Code::AccessRequest {
            if let Some(accepted) = access::answer_from_memory(node, &self.endpoint, pass, accepted, desk) {
                self.hand_on(accepted, pressure);
            }
        } else {
            let Accepted { verified: Verified { packet, nas }, path, ticket, .. } = accepted;
            let replier = Replier::new(&self.endpoint, path, ticket);
            // The door lets no other code in.
            if code == Code::StatusServer {
                status::answer(node, &packet, nas, replier);
            } else {
                accounting::take(node, &packet, Arc::clone(nas), replier, arrived);
            }
        }
    }

    /// Gives a login to those who may wait for the database.
    fn hand_on(&self, accepted: Accepted<'_>, pressure: Pressure) {
        let Accepted { verified: Verified { packet, nas }, path, ticket, arrived } = accepted;
        if pressure.sheds(Kind::Unknown, || false) {
            self.endpoint.forget(ticket);
            return self.node.meters.dropped(Port::Auth, packet.code().name(), Dropped::Shed);
        }
        let Ok(permit) = Arc::clone(&self.node.waiting).try_acquire_owned() else {
            self.endpoint.forget(ticket);
            return self.node.meters.dropped(Port::Auth, packet.code().name(), Dropped::Overload);
        };
        let replier = Replier::new(&self.endpoint, path, ticket);
        let nas = Arc::clone(nas);
        let request = access::Request { bytes: packet.as_bytes().into(), nas, replier, arrived, _permit: permit };
        self.runtime.spawn(access::answer(Arc::clone(&self.node), request));
    }

    fn tell_of_kernel_drops(&self, now: u32, before: &mut u32) {
        let more = now.wrapping_sub(*before);
        if more > 0 {
            *before = now;
            let port = self.endpoint.port;
            self.node.meters.kernel_dropped(port, more);
            warn!(port = port.name(), more, "the kernel dropped {more} datagrams: its socket buffer was full");
        }
    }
}

fn drop_packet(node: &Node, port: Port, datagram: &Datagram<'_>, why: Dropped) {
    let code = Packet::parse(datagram.bytes).map_or("unread", |packet| packet.code().name());
    node.meters.dropped(port, code, why);
    debug!(peer = %datagram.path.peer, reason = why.name(), "dropped a packet from {}: {why}", datagram.path.peer);
}
