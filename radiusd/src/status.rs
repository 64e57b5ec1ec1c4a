//! Status-Server: are you there? (RFC 5997). Answered only while requests could be: silence makes a router use its
//! second server.

use std::sync::Arc;

use dictionaries::rfc2865;
use radius::{Code, PACKET_MAX, Packet, Place, Writer};

use crate::directory::registry::KnownNas;
use crate::door::{Dropped, Port};
use crate::endpoint::Replier;
use crate::meters::Outcome;
use crate::node::Node;

pub(crate) fn answer(node: &Arc<Node>, packet: &Packet<'_>, nas: &KnownNas, replier: Replier) {
    let port = replier.port();
    if !node.guard.answers_status(replier.peer().ip(), node.clock.monotonic_ms()) {
        return node.meters.dropped(port, packet.code().name(), Dropped::StatusLimit);
    }
    if !node.health.is_ready() {
        return node.meters.dropped(port, packet.code().name(), Dropped::Unavailable);
    }
    let code = match port {
        Port::Auth => Code::AccessAccept,
        Port::Acct => Code::AccountingResponse,
    };
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply_placing(&mut buffer, code, packet, Place::First);
    if writer.copy_all(rfc2865::PROXY_STATE, packet).is_err() {
        return node.meters.dropped(port, packet.code().name(), Dropped::TooLong);
    }
    replier.send(writer.finish(&nas.secret));
    node.meters.answered(packet.code().name(), Outcome::Status);
}
