//! Accounting, from a verified packet to an answer.
//!
//! RFC 2866 §4.1: answer only what has been recorded. Records go to the journal in groups, and the answers leave after
//! the sync; the database hears of them later, so it may be away. What could not be written gets no answer, and the
//! router repeats it. Never decides anything: see `policy::access::metering`.

use std::sync::Arc;

use dictionaries::rfc2865;
use nas::usage::Reported;
use radius::{Code, PACKET_MAX, Packet, Writer};
use tokio::time::Instant;
use tracing::debug;

use crate::directory::registry::KnownNas;
use crate::door::{Dropped, Port};
use crate::endpoint::Replier;
use crate::journal::record::{self, Record};
use crate::meters::Outcome;
use crate::node::Node;

/// A record that waits to be written, with the right to answer its packet.
#[derive(Debug)]
pub(crate) struct Job {
    payload: Vec<u8>,
    nas: Arc<KnownNas>,
    /// The packet, for its answer.
    bytes: Box<[u8]>,
    replier: Replier,
    arrived: Instant,
}

/// Reads a verified Accounting-Request and queues it.
pub(crate) fn take(node: &Arc<Node>, packet: &Packet<'_>, nas: Arc<KnownNas>, replier: Replier, arrived: Instant) {
    let record = match nas::usage::usage(packet, &nas.nas, node.clock.now()) {
        Reported::Usage(mut record) => {
            // Should the record begin a session, it begins the same one however often it is written.
            record.session = record.session.or_else(|| Some(node.context().new_id()));
            record.from = nas.nas.is_wide().then(|| replier.peer().ip());
            Record::Usage(Box::new(record))
        }
        Reported::Restart(restart) => Record::Restart(restart),
        Reported::Ignored(why) => {
            debug!(nas.id = %nas.nas.id, "nothing to record from `{}`: {why}", nas.nas.name);
            return respond(node, packet, &nas, replier, arrived);
        }
    };
    let Some(payload) = record::encode(&record) else {
        return node.meters.dropped(Port::Acct, packet.code().name(), Dropped::Unrecordable);
    };
    let job = Job { payload, nas, bytes: packet.as_bytes().into(), replier, arrived };
    match node.records.try_send(job) {
        Ok(()) => {
            node.meters.accounting_waiting.inc();
        }
        Err(_full) => node.meters.dropped(Port::Acct, packet.code().name(), Dropped::Overload),
    }
}

fn respond(node: &Node, packet: &Packet<'_>, nas: &KnownNas, replier: Replier, arrived: Instant) {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply(&mut buffer, Code::AccountingResponse, packet);
    if writer.copy_all(rfc2865::PROXY_STATE, packet).is_err() {
        return node.meters.dropped(Port::Acct, packet.code().name(), Dropped::TooLong);
    }
    replier.send(writer.finish(&nas.secret));
    node.meters.answered(packet.code().name(), Outcome::Recorded);
    node.meters.accounting_seconds.observe(arrived.elapsed(), 1);
}

impl Job {
    /// What the journal is to keep.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Answers the packet: its record is kept.
    pub(crate) fn answer(self, node: &Node) {
        if let Ok(packet) = Packet::parse(&self.bytes) {
            respond(node, &packet, &self.nas, self.replier, self.arrived);
        }
    }

    /// Leaves the packet without an answer; the router repeats it.
    pub(crate) fn give_up(self, node: &Node, why: Dropped) {
        debug!(nas.id = %self.nas.nas.id, "an accounting record of `{}` is not answered: {why}", self.nas.nas.name);
        node.meters.dropped(Port::Acct, Code::AccountingRequest.name(), why);
    }
}
