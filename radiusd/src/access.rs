//! One Access-Request, from a verified packet to its answer.
//!
//! Translates and carries; whether somebody may come online is decided in `policy::access::admission`. A name that is
//! in memory is decided at once, on the thread that took the packet. When the database is needed and cannot answer in
//! time there is no answer at all: a reject would blame a person for our trouble.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use actions::access::admit::{self, Answer, Asked};
use dictionaries::{microsoft, rfc2865};
use domain::access::attempt::{Attempt, Device};
use domain::access::decision::{AnsweredFrom, DecisionRecord, TraceCode};
use domain::access::grant::Grant;
use domain::mac::Mac;
use domain::platform::node::Standing;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use nas::dialect;
use policy::access::devices;
use ports::Random;
use radius::mschap::{ErrorNumber, Failure};
use radius::proof::Proven;
use radius::{Code, PACKET_MAX, Packet, Proof, WriteError, Writer};
use store::StoreError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tracing::{debug, error};

use crate::admission::{Asking, Decided, Said};
use crate::directory::pager;
use crate::directory::registry::KnownNas;
use crate::door::{Dropped, Port, Verified};
use crate::endpoint::{Endpoint, Replier};
use crate::guard::{NotNow, Tried};
use crate::meters::Outcome;
use crate::node::{BUDGET, Node};
use crate::standing::Pass;
use crate::worker::{Accepted, Desk};

/// How often a name is looked up for one login.
const LOOK_UPS_MAX: usize = 3;

/// A verified Access-Request and the right to answer it.
pub(crate) struct Request {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) nas: Arc<KnownNas>,
    pub(crate) replier: Replier,
    pub(crate) arrived: Instant,
    /// Its place among those that may wait at once.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// A request as it is read: once, by whoever answers it.
struct Question<'a> {
    packet: &'a Packet<'a>,
    nas: &'a KnownNas,
    attempt: Attempt<'a>,
    proof: Proof<'a>,
}

impl<'a> Question<'a> {
    fn read(packet: &'a Packet<'a>, nas: &'a KnownNas) -> Result<Self, Dropped> {
        let attempt = nas::attempt::attempt(packet).map_err(|why| {
            debug!(nas.id = %nas.nas.id, "dropped a request of `{}`: {why}", nas.nas.name);
            match why {
                nas::attempt::AttemptError::Injected { .. } => Dropped::Injected,
                nas::attempt::AttemptError::NoUserName => Dropped::NoUserName,
            }
        })?;
        Ok(Self { packet, nas, attempt, proof: Proof::of(packet, &nas.secret) })
    }

    /// Whether the password came out as garbage. The door has verified a Message-Authenticator, if there is one: then
    /// the secret is right.
    fn is_garbled(&self) -> bool {
        self.proof.speaks_of_a_wrong_secret() && !self.packet.has_message_authenticator()
    }

    /// Whether the proof was made with a password; keeps what the answer owes for it.
    ///
    /// A request without any password at all proves the empty one: a hotspot code needs no other.
    fn proves(&self, password: &[u8], keep: impl FnOnce(Proven)) -> bool {
        if matches!(self.proof, Proof::None) {
            return password.is_empty();
        }
        self.proof.prove(password).map(keep).is_some()
    }

    /// The login as memory is asked about it.
    fn asking<'q>(
        &'q self,
        node: &'q Node,
        pass: &Pass<'_>,
        proves: &'q dyn Fn(&[u8]) -> bool,
        (arrived, now): (Instant, Timestamp),
    ) -> Asking<'q> {
        let answered_from = match pass.standing() {
            Standing::Away => AnsweredFrom::MemoryInOutage,
            Standing::Settling | Standing::Alone | Standing::Shared => AnsweredFrom::Memory,
        };
        Asking {
            node,
            nas: self.nas,
            attempt: &self.attempt,
            proves,
            garbled: self.is_garbled(),
            answered_from,
            arrived,
            now,
        }
    }

    /// Writes the answer to a decision. A refusal of a garbled password is none: the router has another secret.
    fn reply<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        decided: &Decided,
        proven: Option<&Proven>,
        random: &dyn Random,
    ) -> Result<&'b [u8], WriteError> {
        match &decided.outcome {
            Ok(grant) => accept(buffer, self.packet, self.nas, grant, proven, random),
            Err(refusal) => reject(buffer, self.packet, self.nas, *refusal, Some(decided.trace), &self.proof, random),
        }
    }

    /// The device that the router asks about by itself, if it does.
    fn returning(&self) -> Option<Mac> {
        match &self.attempt.device {
            Device::Mac(address) if devices::comes_back(&self.attempt) => Some(*address),
            Device::Mac(_) | Device::Caller(_) | Device::Unnamed => None,
        }
    }

    /// Whether the router asks by itself about a device of which we know since a moment ago that it has nothing here.
    fn is_unmet(&self, node: &Node, now_ms: u64) -> bool {
        self.returning().is_some_and(|address| node.unmet.has(self.nas.nas.tenant, address, now_ms))
    }

    /// Refuses such a device again. It is not recorded again either: every idle phone would fill the records.
    fn refuse_unmet<'b>(&self, buffer: &'b mut [u8; PACKET_MAX], random: &dyn Random) -> Result<&'b [u8], WriteError> {
        reject(buffer, self.packet, self.nas, Refusal::Unknown, None, &self.proof, random)
    }

    /// How an answer counts among guesses: a router that asks by itself does not guess.
    fn tried(&self, decided: &Decided) -> Tried {
        match decided.outcome {
            Ok(_) => Tried::Accepted,
            Err(Refusal::Unknown) if self.returning().is_some() => Tried::Other,
            Err(Refusal::Unknown | Refusal::WrongCase | Refusal::WrongPassword) => Tried::Failed,
            Err(_) => Tried::Other,
        }
    }

    /// Refuses a device that guesses. Nothing is looked up, and nothing is recorded: a guesser must not fill the
    /// records.
    fn refuse_guesser<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        random: &dyn Random,
    ) -> Result<&'b [u8], WriteError> {
        reject(buffer, self.packet, self.nas, Refusal::TooManyTries, None, &self.proof, random)
    }
}

/// Answers a request from memory. Gives it back when memory does not know the name, or may not decide alone.
pub(crate) fn answer_from_memory<'a>(
    node: &Arc<Node>,
    endpoint: &Arc<Endpoint>,
    pass: Option<&Pass<'_>>,
    accepted: Accepted<'a>,
    desk: &mut Desk,
) -> Option<Accepted<'a>> {
    let Some(pass) = pass.filter(|pass| node.decides_from_memory(pass) && pass.holds()) else { return Some(accepted) };
    let Accepted { verified: Verified { packet, nas }, path, ticket, arrived } = accepted;
    let dropped = |ticket, why| {
        endpoint.forget(ticket);
        node.meters.dropped(Port::Auth, packet.code().name(), why);
    };
    let question = match Question::read(&packet, nas) {
        Ok(question) => question,
        Err(why) => {
            dropped(ticket, why);
            return None;
        }
    };
    let now_ms = desk.now_ms;
    if node.guard.before(nas, &question.attempt, now_ms).is_err() {
        match question.refuse_guesser(&mut desk.reply, &*node.random) {
            Ok(reply) => endpoint.answer(ticket, reply, &path, &mut desk.outbox),
            Err(_too_long) => {
                dropped(ticket, Dropped::TooLong);
                return None;
            }
        }
        desk.tally.refuse(Refusal::TooManyTries);
        return None;
    }
    let proven = Cell::new(None);
    let proves = |password: &[u8]| question.proves(password, |how| proven.set(Some(how)));
    let asking = question.asking(node, pass, &proves, (arrived, desk.now));
    let decided = match asking.decide(&mut |record| desk.lane.record(record)) {
        Said::Answer(decided) => decided,
        Said::WrongSecret => {
            tell_of_wrong_secret(node, nas, path.peer);
            dropped(ticket, Dropped::WrongSecret);
            return None;
        }
        Said::NotHere if question.is_unmet(node, now_ms) => {
            match question.refuse_unmet(&mut desk.reply, &*node.random) {
                Ok(reply) => endpoint.answer(ticket, reply, &path, &mut desk.outbox),
                Err(_too_long) => {
                    dropped(ticket, Dropped::TooLong);
                    return None;
                }
            }
            desk.tally.refuse(Refusal::Unknown);
            return None;
        }
        Said::NotHere => return Some(Accepted { verified: Verified { packet, nas }, path, ticket, arrived }),
    };
    match question.reply(&mut desk.reply, &decided, proven.take().as_ref(), &*node.random) {
        Ok(reply) => endpoint.answer(ticket, reply, &path, &mut desk.outbox),
        Err(why) => {
            tell_of_long_reply(nas, &why);
            dropped(ticket, Dropped::TooLong);
            return None;
        }
    }
    node.guard.after(nas, &question.attempt, question.tried(&decided), now_ms);
    match decided.outcome {
        Ok(_) => desk.tally.accept(),
        Err(refusal) => desk.tally.refuse(refusal),
    }
    None
}

/// Answers a request that memory could not: the name is looked up first, or the database decides.
pub(crate) async fn answer(node: Arc<Node>, request: Request) {
    let Request { bytes, nas, replier, arrived, _permit } = request;
    // It was read once already.
    let Ok(packet) = Packet::parse(&bytes) else { return };
    let dropped = |why| node.meters.dropped(Port::Auth, packet.code().name(), why);
    let question = match Question::read(&packet, &nas) {
        Ok(question) => question,
        Err(why) => return dropped(why),
    };
    let now_ms = node.clock.monotonic_ms();
    if node.guard.before(&nas, &question.attempt, now_ms).is_err() {
        let mut buffer = [0; PACKET_MAX];
        match question.refuse_guesser(&mut buffer, &*node.random) {
            Ok(reply) => replier.send(reply),
            Err(_too_long) => return dropped(Dropped::TooLong),
        }
        node.meters.refused(Refusal::TooManyTries);
        return node.meters.answered(Code::AccessRequest.name(), Outcome::Reject);
    }
    if question.is_unmet(&node, now_ms) {
        let mut buffer = [0; PACKET_MAX];
        match question.refuse_unmet(&mut buffer, &*node.random) {
            Ok(reply) => replier.send(reply),
            Err(_too_long) => return dropped(Dropped::TooLong),
        }
        node.meters.refused(Refusal::Unknown);
        return node.meters.answered(Code::AccessRequest.name(), Outcome::Reject);
    }
    let changes = || node.book.tenant(nas.nas.tenant).map(|tenant| tenant.changes());
    let before = changes();
    let place = match node.guard.look_up(&nas, now_ms) {
        Ok(place) => place,
        Err(NotNow::OverShare) => return dropped(Dropped::OverShare),
        Err(NotNow::TooManyUnknown) => return dropped(Dropped::Guessing),
    };
    let Some(pass) = node.standing.enter_within(BUDGET).await else {
        let why = "the nodes have yet to agree on who decides how";
        node.complain(&nas.nas, replier.peer(), Dropped::Unavailable, &why);
        return dropped(Dropped::Unavailable);
    };
    let proven = Mutex::new(None);
    let proves = |password: &[u8]| {
        question.proves(password, |how| *proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(how))
    };
    let decided = match timeout(BUDGET, decide(&node, &pass, &question, &proves, arrived)).await {
        Ok(Ok(Some(decided))) => decided,
        Ok(Ok(None)) => {
            tell_of_wrong_secret(&node, &nas, replier.peer());
            return dropped(Dropped::WrongSecret);
        }
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
    if !pass.holds() {
        let why =
            format!("this node had not heard of the database for too long when it had decided as {}", pass.standing());
        node.complain(&nas.nas, replier.peer(), Dropped::Unavailable, &why);
        return dropped(Dropped::Unavailable);
    }
    let proven = proven.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut buffer = [0; PACKET_MAX];
    match question.reply(&mut buffer, &decided, proven.as_ref(), &*node.random) {
        Ok(reply) => replier.send(reply),
        Err(why) => {
            tell_of_long_reply(&nas, &why);
            return dropped(Dropped::TooLong);
        }
    }
    if matches!(decided.outcome, Err(Refusal::Unknown)) {
        place.was_in_vain();
        if let Some(address) = question.returning() {
            node.unmet.put(nas.nas.tenant, address, now_ms);
            // Something was told of the tenant meanwhile, perhaps of this device.
            if changes() != before {
                node.unmet.forget(nas.nas.tenant, address);
            }
        }
    }
    node.guard.after(&nas, &question.attempt, question.tried(&decided), now_ms);
    let outcome = match decided.outcome {
        Ok(_) => Outcome::Accept,
        Err(refusal) => {
            node.meters.refused(refusal);
            Outcome::Reject
        }
    };
    node.meters.book_misses.inc();
    node.meters.answered(Code::AccessRequest.name(), outcome);
    node.meters.access_seconds.observe(arrived.elapsed(), 1);
}

/// Decides with the database's help. `None` is a router with another shared secret.
async fn decide(
    node: &Arc<Node>,
    pass: &Pass<'_>,
    question: &Question<'_>,
    proves: &(dyn Fn(&[u8]) -> bool + Send + Sync),
    arrived: Instant,
) -> Result<Option<Decided>, StoreError> {
    let (nas, attempt) = (question.nas, &question.attempt);
    if node.decides_from_memory(pass) {
        return from_memory(node, pass, question, proves, arrived).await;
    }
    let asked = Asked {
        nas: &nas.nas,
        attempt,
        proves,
        garbled: question.is_garbled(),
        reserve_seconds: node.settings.reserve_seconds,
        interim_seconds: node.settings.interim_seconds,
        record: &|record: DecisionRecord<'_>| {
            let took_micros = u32::try_from(arrived.elapsed().as_micros()).unwrap_or(u32::MAX);
            node.recorder.record(&DecisionRecord { took_micros, ..record });
        },
    };
    Ok(match admit::admit(&node.store, &nas.scope, &asked, node.context()).await? {
        Answer::Granted { grant, trace } => Some(Decided { outcome: Ok(*grant), trace }),
        Answer::Refused { refusal, trace } => Some(Decided { outcome: Err(refusal), trace }),
        Answer::WrongSecret => None,
    })
}

/// Decides from memory; a name that is not there is looked up first, unless the database is away.
async fn from_memory(
    node: &Arc<Node>,
    pass: &Pass<'_>,
    question: &Question<'_>,
    proves: &(dyn Fn(&[u8]) -> bool + Send + Sync),
    arrived: Instant,
) -> Result<Option<Decided>, StoreError> {
    let ask = || question.asking(node, pass, proves, (arrived, node.clock.now()));
    let mut said = ask().decide(&mut |record| node.recorder.record(record));
    if matches!(said, Said::NotHere) && pass.standing() == Standing::Away {
        let reason = "it is away, and memory does not know the name".to_owned();
        return Err(StoreError::Unavailable { reason });
    }
    // It may leave the book again before it is asked for; not often.
    for _ in 0..LOOK_UPS_MAX {
        if !matches!(said, Said::NotHere) {
            break;
        }
        let looked_up = pager::look_up(node, &question.nas.scope, question.attempt.user_name).await?;
        // Whoever waited must not decide on a ground that is gone.
        if !pass.holds() {
            return Err(StoreError::Unavailable { reason: "it was not heard of for too long".to_owned() });
        }
        let asking = ask();
        said = asking.decide(&mut |record| node.recorder.record(record));
        if matches!(said, Said::NotHere) && !looked_up.has_meaning {
            said = asking.refuse_unknown(looked_up.differs_only_in_case, &mut |record| node.recorder.record(record));
        }
    }
    match said {
        Said::Answer(decided) => Ok(Some(decided)),
        Said::WrongSecret => Ok(None),
        Said::NotHere => Err(StoreError::Unavailable { reason: "the name does not stay in memory".to_owned() }),
    }
}

fn tell_of_wrong_secret(node: &Node, nas: &KnownNas, peer: SocketAddr) {
    let why = "its shared secret seems to differ from ours, for the password is not readable";
    node.complain(&nas.nas, peer, Dropped::WrongSecret, &why);
}

fn tell_of_long_reply(nas: &KnownNas, why: &WriteError) {
    error!(nas.id = %nas.nas.id, "no answer to `{}`: the reply does not fit a packet: {why}", nas.nas.name);
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
    trace: Option<TraceCode>,
    proof: &Proof<'_>,
    random: &dyn Random,
) -> Result<&'b [u8], WriteError> {
    let mut writer = Writer::reply(buffer, Code::AccessReject, packet);
    match trace {
        Some(trace) => dialect::reply_message(&mut writer, refusal.sentence(), trace)?,
        None => dialect::bare_message(&mut writer, refusal.sentence())?,
    }
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
        Refusal::DataUsedUp
        | Refusal::DataUsedUpToday
        | Refusal::DataUsedUpThisWeek
        | Refusal::DataUsedUpThisMonth
        | Refusal::AlreadyInUse
        | Refusal::WrongService
        | Refusal::TooManyTries
        | Refusal::DeviceBlocked => ErrorNumber::NoPermission,
    }
}

/// Two different salts with their top bits set (RFC 2548 §2.4.2).
fn salts(random: &dyn Random) -> [[u8; 2]; 2] {
    let mut bits = [0; 2];
    random.fill(&mut bits);
    let [high, low] = bits;
    [[high | 0x80, low], [high | 0x80, low ^ 1]]
}
