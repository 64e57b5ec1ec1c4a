//! All that happens on a router, as values that are stepped with its time. Knows no socket and no clock.
//!
//! What is to be asked goes into a queue; while that is full, time does not pass, so that nothing is lost here.

mod ends;
mod logins;
mod look;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use domain::mac::Mac;
use tokio::sync::oneshot;

use super::asking::Request;
use super::draft::{Login, Station};
use super::people::Device;
use super::session::{Due, Service, Session, SessionKey};
use super::settings::Settings;
use super::traffic::Moved;
use super::view::Memory;
use crate::dice::Dice;
use dictionaries::rfc2866::acct_terminate_cause as cause;

/// Requests that wait to be sent.
const WAITING_MAX: usize = 1_000;

/// What became of a login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginResult {
    /// The device is online with this session.
    Online(SessionKey),
    /// The server said no.
    Refused {
        /// Reply-Message, without the reference at its end.
        sentence: String,
        /// The reference: the trace code to ask `mnetifi explain` about.
        reference: String,
    },
    /// The router itself said no, in its own words.
    RefusedHere(&'static str),
    /// No server answered in a way that a router believes.
    Unanswered,
}

impl LoginResult {
    /// The session, if there is one.
    pub const fn session(&self) -> Option<SessionKey> {
        match self {
            Self::Online(session) => Some(*session),
            Self::Refused { .. } | Self::RefusedHere(_) | Self::Unanswered => None,
        }
    }

    /// Whether the device is online.
    pub const fn is_online(&self) -> bool {
        self.session().is_some()
    }

    /// What the person reads; empty when online.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Online(_) => "",
            Self::Refused { sentence, .. } => sentence,
            Self::RefusedHere(words) => words,
            Self::Unanswered => "RADIUS server is not responding",
        }
    }
}

/// Whoever waits for a login, if anybody does.
pub(super) type Teller = Option<oneshot::Sender<LoginResult>>;

/// A request that is to be sent.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) id: u8,
    pub(super) purpose: Purpose,
}

/// Whom the answer is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Login(u64),
    Report(SessionKey, Moved),
}

/// A login that is under way.
#[derive(Debug)]
struct Asking {
    login: Arc<Login>,
    teller: Teller,
}

/// What may be due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Timer {
    Session(SessionKey),
    Device(Mac),
}

/// A router without its sockets.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) settings: Settings,
    pub(super) sessions: BTreeMap<SessionKey, Session>,
    pub(super) memory: Memory,
    station: Arc<Station>,
    dice: Dice,
    now_ms: u64,
    /// The third digit of session ids.
    boot: u32,
    /// Sessions since the last start.
    counter: u32,
    next_key: u64,
    next_login: u64,
    /// The identifier of packets: one counter for all that is asked.
    next_id: u8,
    devices: BTreeMap<Mac, Device>,
    logins: BTreeMap<u64, Asking>,
    timers: BTreeSet<(u64, Timer)>,
    armed: HashMap<Timer, u64>,
    waiting: VecDeque<Job>,
    /// Whether requests that are under way are to be forgotten.
    forgets: bool,
    /// Up to this moment time passes at once, and waits for logins.
    leaps_to_ms: u64,
    /// Whether the last login was answered.
    is_answered: bool,
}

impl Machine {
    pub(super) fn new(settings: Settings) -> Self {
        let station = Arc::new(Station { name: settings.name.clone(), nas_ip: settings.nas_ip });
        let mut dice = Dice::seeded(settings.seed);
        let next_id = dice.octet();
        Self {
            settings,
            sessions: BTreeMap::new(),
            memory: Memory::default(),
            station,
            dice,
            now_ms: 0,
            boot: 0,
            counter: 0,
            next_key: 0,
            next_login: 0,
            next_id,
            devices: BTreeMap::new(),
            logins: BTreeMap::new(),
            timers: BTreeSet::new(),
            armed: HashMap::new(),
            waiting: VecDeque::new(),
            forgets: false,
            leaps_to_ms: 0,
            is_answered: true,
        }
    }

    /// Milliseconds since the start, by the router's own time.
    pub(super) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// From here on time passes at once up to a moment.
    pub(super) fn leap(&mut self, to_ms: u64) {
        self.leaps_to_ms = to_ms;
    }

    /// Whether time must wait: the queue of requests is full, or in a leap a login is under way, for all that follows
    /// depends on its answer. Where nobody answers it is not waited for.
    fn must_wait(&self) -> bool {
        let is_leaping = self.now_ms < self.leaps_to_ms;
        self.waiting.len() >= WAITING_MAX || (is_leaping && self.is_answered && !self.logins.is_empty())
    }

    /// Lets time pass up to a moment. False, if it must wait before that: then it goes on later.
    pub(super) fn advance(&mut self, target_ms: u64) -> bool {
        while !self.must_wait() {
            match self.timers.first().copied() {
                Some((due_ms, timer)) if due_ms <= target_ms => {
                    self.now_ms = self.now_ms.max(due_ms);
                    self.arm(timer, None);
                    self.fire(timer);
                }
                Some(_) | None => {
                    self.now_ms = self.now_ms.max(target_ms);
                    return true;
                }
            }
        }
        false
    }

    /// When something is due next; nothing, if time must wait first.
    pub(super) fn due_ms(&self) -> Option<u64> {
        self.timers.first().filter(|_| !self.must_wait()).map(|(due_ms, _)| *due_ms)
    }

    /// Requests that are to be sent now, at most so many.
    pub(super) fn take(&mut self, most: usize) -> Vec<Job> {
        let count = most.min(self.waiting.len());
        self.waiting.drain(..count).collect()
    }

    /// Whether requests that are under way are to be forgotten; asked once.
    pub(super) fn forgets(&mut self) -> bool {
        std::mem::take(&mut self.forgets)
    }

    /// Whether nothing waits to be sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.waiting.is_empty()
    }

    fn arm(&mut self, timer: Timer, due_ms: Option<u64>) {
        if let Some(before) = self.armed.remove(&timer) {
            self.timers.remove(&(before, timer));
        }
        if let Some(due_ms) = due_ms {
            self.armed.insert(timer, due_ms);
            self.timers.insert((due_ms, timer));
        }
    }

    pub(super) fn arm_session(&mut self, key: SessionKey) {
        let due_ms = self.sessions.get(&key).and_then(Session::due).map(|(due_ms, _)| due_ms);
        self.arm(Timer::Session(key), due_ms);
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Session(key) => self.look_at(key),
            Timer::Device(mac) => self.try_again(mac),
        }
    }

    fn look_at(&mut self, key: SessionKey) {
        let now_ms = self.now_ms;
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.advance(now_ms);
        match session.due().filter(|(due_ms, _)| *due_ms <= now_ms).map(|(_, due)| due) {
            Some(Due::Timeout) => self.end(key, cause::SESSION_TIMEOUT),
            Some(Due::Limit) => self.end(key, cause::NAS_REQUEST),
            Some(Due::Idle) => self.end(key, cause::IDLE_TIMEOUT),
            Some(Due::Interim) => {
                session.reported();
                self.report_interim(key);
                self.arm_session(key);
            }
            None => self.arm_session(key),
        }
    }

    fn send(&mut self, request: Request, purpose: Purpose) {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.waiting.push_back(Job { request, id, purpose });
    }

    /// The number of the next session: service, boot digit, counter.
    fn next_number(&mut self, service: Service) -> u32 {
        self.counter = (self.counter + 1) & 0xf_ffff;
        (service.digits() << 24) | (self.boot << 20) | self.counter
    }
}

#[cfg(test)]
mod tests;
