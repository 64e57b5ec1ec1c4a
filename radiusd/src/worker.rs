//! One socket's loop: batches of datagrams through the door, each to the part that answers it.

use std::sync::Arc;

use radius::{Code, Packet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::access;
use crate::accounting;
use crate::door::{self, Dropped, Port};
use crate::endpoint::{Endpoint, Seen};
use crate::listen::datagram::{Batch, Datagram};
use crate::meters::Outcome;
use crate::node::Node;
use crate::status;

/// Takes datagrams until the role stops.
pub(crate) async fn listen(node: Arc<Node>, endpoint: Arc<Endpoint>, shutdown: CancellationToken) {
    let mut batch = Batch::default();
    let mut kernel_drops = 0;
    loop {
        let received = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            received = endpoint.socket.receive(&mut batch) => received,
        };
        if let Err(error) = received {
            // ICMP errors of earlier replies surface here (a router that went away); the socket itself is fine.
            debug!(%error, "receiving on {} said: {error}", endpoint.socket.address());
            tokio::task::yield_now().await;
            continue;
        }
        let arrived = Instant::now();
        for datagram in batch.datagrams() {
            take(&node, &endpoint, &datagram, arrived);
        }
        let more = batch.kernel_drops().wrapping_sub(kernel_drops);
        if more > 0 {
            kernel_drops = batch.kernel_drops();
            node.meters.kernel_dropped(endpoint.port, more);
            warn!(port = endpoint.port.name(), more, "the kernel dropped {more} datagrams: its socket buffer was full");
        }
    }
}

fn take(node: &Arc<Node>, endpoint: &Arc<Endpoint>, datagram: &Datagram<'_>, arrived: Instant) {
    let port = endpoint.port;
    let registry = node.registry.load();
    let verified = match door::open(&registry, datagram, port) {
        Ok(verified) => verified,
        Err(why) => return drop_packet(node, port, datagram, why),
    };
    let packet = &verified.packet;
    let code = packet.code();
    let replier = match endpoint.see(packet, datagram.path, node.clock.monotonic_ms()) {
        Seen::New(replier) => replier,
        Seen::InProgress => return node.meters.dropped(port, code.name(), Dropped::Duplicate),
        Seen::Repeated => return node.meters.answered(code.name(), Outcome::Repeated),
    };
    if code == Code::StatusServer {
        status::answer(node, packet, &verified.nas, replier);
    } else if code == Code::AccountingRequest {
        accounting::take(node, packet, verified.nas, replier, arrived);
    } else if let Ok(permit) = Arc::clone(&node.waiting).try_acquire_owned() {
        // The door lets no other code in than Access-Request.
        let bytes = packet.as_bytes().into();
        let request = access::Request { bytes, nas: verified.nas, replier, arrived, _permit: permit };
        tokio::spawn(access::answer(Arc::clone(node), request));
    } else {
        node.meters.dropped(port, code.name(), Dropped::Overload);
    }
}

fn drop_packet(node: &Node, port: Port, datagram: &Datagram<'_>, why: Dropped) {
    let code = Packet::parse(datagram.bytes).map_or("unread", |packet| packet.code().name());
    node.meters.dropped(port, code, why);
    debug!(peer = %datagram.path.peer, reason = why.name(), "dropped a packet from {}: {why}", datagram.path.peer);
}
