//! One Access-Request, from a verified packet to its answer.
//!
//! Translates and carries; whether somebody may come online is decided in `policy::access::admission`. When the
//! database cannot answer in time there is no answer at all: a reject would blame a person for our trouble.

use std::sync::{Arc, Mutex, PoisonError};

use actions::access::admit::{self, Answer, Asked};
use dictionaries::{microsoft, rfc2865};
use domain::access::decision::TraceCode;
use domain::access::grant::Grant;
use domain::refusal::Refusal;
use nas::dialect;
use ports::Random;
use radius::mschap::{ErrorNumber, Failure};
use radius::proof::Proven;
use radius::{Code, PACKET_MAX, Packet, Proof, WriteError, Writer};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tracing::{debug, error, info};

use crate::directory::registry::KnownNas;
use crate::door::{Dropped, Port};
use crate::endpoint::Replier;
use crate::meters::Outcome;
use crate::node::{BUDGET, Node};

/// A verified Access-Request and the right to answer it.
pub(crate) struct Request {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) nas: Arc<KnownNas>,
    pub(crate) replier: Replier,
    pub(crate) arrived: Instant,
    /// Its place among those that may wait at once.
    pub(crate) _permit: OwnedSemaphorePermit,
}

pub(crate) async fn answer(node: Arc<Node>, request: Request) {
    let Request { bytes, nas, replier, arrived, _permit } = request;
    let Ok(packet) = Packet::parse(&bytes) else { return };
    let dropped = |why| node.meters.dropped(Port::Auth, packet.code().name(), why);
    let attempt = match nas::attempt::attempt(&packet) {
        Ok(attempt) => attempt,
        Err(why) => {
            debug!(nas.id = %nas.nas.id, "dropped a request of `{}`: {why}", nas.nas.name);
            return dropped(match why {
                nas::attempt::AttemptError::Injected { .. } => Dropped::Injected,
                nas::attempt::AttemptError::NoUserName => Dropped::NoUserName,
            });
        }
    };
    let proof = Proof::of(&packet, &nas.secret);
    let proven = Mutex::new(None);
    let proves = |password: &[u8]| proves(&proof, password, &proven);
    let asked = Asked {
        nas: &nas.nas,
        attempt: &attempt,
        proves: &proves,
        // The door has verified a Message-Authenticator, if there is one: then the secret is right.
        garbled: proof.speaks_of_a_wrong_secret() && !packet.has_message_authenticator(),
        reserve_seconds: node.settings.reserve_seconds,
        interim_seconds: node.settings.interim_seconds,
        describe: &|grant: &Grant| dialect::describe(nas.nas.vendor, grant),
    };
    let answer = match timeout(BUDGET, admit::admit(&node.store, &nas.scope, &asked, node.context())).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) if why.is_unavailable() => {
            node.complain(&nas.nas, replier.peer(), Dropped::Unavailable, &why);
            return dropped(Dropped::Unavailable);
        }
        Ok(Err(why)) => {
            error!(nas.id = %nas.nas.id, "no answer to `{}`: {why}", nas.nas.name);
            return dropped(Dropped::Unavailable);
        }
        Err(_elapsed) => {
            node.complain(&nas.nas, replier.peer(), Dropped::Unavailable, &"the database took too long");
            return dropped(Dropped::Unavailable);
        }
    };
    let proven = proven.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut buffer = [0; PACKET_MAX];
    let written = match &answer {
        Answer::Granted { grant, .. } => accept(&mut buffer, &packet, &nas, grant, proven.as_ref(), &*node.random),
        Answer::Refused { refusal, trace } => {
            reject(&mut buffer, &packet, &nas, *refusal, *trace, &proof, &*node.random)
        }
        Answer::WrongSecret => {
            let why = "its shared secret seems to differ from ours, for the password is not readable";
            node.complain(&nas.nas, replier.peer(), Dropped::WrongSecret, &why);
            return dropped(Dropped::WrongSecret);
        }
    };
    match written {
        Ok(reply) => replier.send(reply),
        Err(why) => {
            error!(nas.id = %nas.nas.id, "no answer to `{}`: the reply does not fit a packet: {why}", nas.nas.name);
            return dropped(Dropped::TooLong);
        }
    }
    tell(&node, &nas, &answer, arrived);
}

/// Whether a proof was made with a password; keeps what the answer owes for it.
///
/// A request without any password at all proves the empty one: a hotspot code needs no other.
fn proves(proof: &Proof<'_>, password: &[u8], kept: &Mutex<Option<Proven>>) -> bool {
    if matches!(proof, Proof::None) {
        return password.is_empty();
    }
    match proof.prove(password) {
        None => false,
        Some(proven) => {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(proven);
            true
        }
    }
}

fn accept<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    packet: &Packet<'_>,
    nas: &KnownNas,
    grant: &Grant,
    proven: Option<&Proven>,
    random: &dyn Random,
) -> Result<&'b [u8], WriteError> {
    let mut writer = Writer::reply(buffer, Code::AccessAccept, packet);
    match proven {
        Some(Proven::ByMsChapV2(proven)) => {
            proven.put_success(&mut writer)?;
            proven.put_keys(&mut writer, salts(random), &nas.secret)?;
        }
        Some(Proven::Plainly) | None => {}
    }
    dialect::write_grant(nas.nas.vendor, grant, &mut writer)?;
    writer.copy_all(rfc2865::PROXY_STATE, packet)?;
    Ok(writer.finish(&nas.secret))
}

fn reject<'b>(
    buffer: &'b mut [u8; PACKET_MAX],
    packet: &Packet<'_>,
    nas: &KnownNas,
    refusal: Refusal,
    trace: TraceCode,
    proof: &Proof<'_>,
    random: &dyn Random,
) -> Result<&'b [u8], WriteError> {
    let mut writer = Writer::reply(buffer, Code::AccessReject, packet);
    dialect::reply_message(&mut writer, refusal.sentence(), trace)?;
    if let Proof::MsChapV2(login) = proof {
        let mut challenge = [0; 16];
        random.fill(&mut challenge);
        let failure = Failure::new(login.ident, mschap_error(refusal), &challenge, refusal.sentence());
        writer.put(microsoft::MS_CHAP_ERROR, failure.as_bytes())?;
    }
    writer.copy_all(rfc2865::PROXY_STATE, packet)?;
    Ok(writer.finish(&nas.secret))
}

/// What a PPP client is told by number (RFC 2759 §6).
const fn mschap_error(refusal: Refusal) -> ErrorNumber {
    match refusal {
        Refusal::Unknown | Refusal::WrongCase | Refusal::WrongPassword | Refusal::NoProof => ErrorNumber::WrongPassword,
        Refusal::Suspended | Refusal::Revoked | Refusal::Expired | Refusal::PastSellBy | Refusal::NotSold => {
            ErrorNumber::Disabled
        }
        Refusal::DataUsedUp | Refusal::AlreadyInUse | Refusal::WrongService => ErrorNumber::NoPermission,
    }
}

/// Two different salts with their top bits set (RFC 2548 §2.4.2).
fn salts(random: &dyn Random) -> [[u8; 2]; 2] {
    let mut bits = [0; 2];
    random.fill(&mut bits);
    let [high, low] = bits;
    [[high | 0x80, low], [high | 0x80, low ^ 1]]
}

fn tell(node: &Node, nas: &KnownNas, answer: &Answer, arrived: Instant) {
    let outcome = match answer {
        Answer::Granted { grant, trace } => {
            info!(
                tenant.id = %nas.nas.tenant, nas.id = %nas.nas.id, session.id = %grant.session, decision.trace = %trace,
                "accepted at `{}`: {trace}", nas.nas.name
            );
            Outcome::Accept
        }
        Answer::Refused { refusal, trace } => {
            info!(
                tenant.id = %nas.nas.tenant, nas.id = %nas.nas.id, decision.trace = %trace, refusal = refusal.code(),
                "refused at `{}`: {trace}: {refusal}", nas.nas.name
            );
            node.meters.refused(*refusal);
            Outcome::Reject
        }
        Answer::WrongSecret => Outcome::Dropped,
    };
    node.meters.answered(Code::AccessRequest.name(), outcome);
    node.meters.access_seconds.observe(arrived.elapsed().as_secs_f64());
}
