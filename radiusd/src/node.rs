//! What all parts of the role share.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actions::context::Context;
use arc_swap::ArcSwap;
use boot::config::Config;
use boot::health::Health;
use boot::identity::Identity;
use domain::network::nas::{Nas, PortPair};
use domain::time::Span;
use ports::{Clock, Random};
use store::Store;
use tokio::sync::{Semaphore, mpsc};
use tracing::{error, warn};

use crate::RadiusdError;
use crate::accounting;
use crate::decisions::Recorder;
use crate::directory::book::Book;
use crate::directory::first_uses::FirstUses;
use crate::directory::freshness::Freshness;
use crate::directory::registry::Registry;
use crate::directory::unmet::Unmet;
use crate::door::{Dropped, Turned};
use crate::guard::{Guard, Limits};
use crate::hush::Hush;
use crate::journal::{Gauges, Journal};
use crate::live::Live;
use crate::live::left::Left;
use crate::meters::Meters;
use crate::standing::duty::Duties;
use crate::standing::{Gate, Pass};

/// Access-Requests that may wait for the database at once. More are dropped and counted: a router asks again, and a
/// queue that is longer than its patience answers nobody.
pub const WAITING_MAX: u32 = 1_024;

/// Accounting records that may wait to be written to the journal. More are dropped and counted.
pub const RECORDS_WAITING_MAX: usize = 8_192;

/// How long records of decisions stay in their log at least, also when they are saved.
const KEPT_AT_LEAST: Span = Span::seconds(120);

/// How long one request may take. A router gives up after three seconds.
pub const BUDGET: Duration = Duration::from_millis(2_500);

/// How the role is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses for authentication.
    pub auth: Vec<SocketAddr>,
    /// Addresses for accounting.
    pub acct: Vec<SocketAddr>,
    /// Addresses for both over TLS; none, unless somebody wants it.
    pub radsec: Vec<SocketAddr>,
    /// What our certificate says that we are.
    pub radsec_names: Vec<String>,
    /// Ports that single routers have for themselves, on the same addresses.
    pub extra_pairs: Vec<PortPair>,
    /// Sockets per address.
    pub workers: usize,
    /// Seconds between interim updates, before they are spread.
    pub interim_seconds: u32,
    /// Seconds that an accepted device keeps its place before the router has reported it.
    pub reserve_seconds: u32,
    /// Days that decision records are kept.
    pub decision_days: u32,
    /// Whether logins are decided from memory, while this node is alone on its database or the database is away.
    pub decides_from_memory: bool,
    /// Vouchers and subscribers that are kept in memory.
    pub rights_max: usize,
    /// Where the snapshot of what is known in memory is kept.
    pub snapshot: PathBuf,
    /// How often it is written.
    pub snapshot_every: Duration,
    /// How old a snapshot may be to be believed.
    pub snapshot_age_max: Span,
    /// The directory of their log.
    pub decisions: PathBuf,
    /// How much disk their log may take.
    pub decisions_bytes_max: u64,
    /// Whether answers are recorded at all.
    pub decisions_recorded: bool,
    /// The journal's directory.
    pub journal: PathBuf,
    /// How much disk the journal may take.
    pub journal_bytes_max: u64,
    /// What the guard lets through.
    pub limits: Limits,
    /// How often it is told what is seen of routers.
    pub sightings_every: Duration,
    /// How often sessions are ended of which nothing is heard.
    pub tidy_every: Duration,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        Self {
            auth: config.radius.auth.clone(),
            acct: config.radius.acct.clone(),
            radsec: config.radius.radsec.clone(),
            radsec_names: config.radius.radsec_names.clone(),
            extra_pairs: config.radius.extra_pairs.clone(),
            workers: config.radius.workers.get(),
            interim_seconds: config.accounting.interim_seconds,
            reserve_seconds: config.slots.reserve_seconds,
            decision_days: config.decisions.days,
            decides_from_memory: config.book.decides,
            rights_max: usize::try_from(config.book.rights_max).unwrap_or(usize::MAX),
            snapshot: config.data.join("book.snapshot"),
            snapshot_every: Duration::from_secs(config.book.snapshot_seconds.into()),
            snapshot_age_max: Span::minutes(i64::from(config.book.snapshot_hours) * 60),
            decisions: config.data.join("decisions"),
            decisions_bytes_max: u64::from(config.decisions.megabytes_max) * 1024 * 1024,
            decisions_recorded: config.decisions.record,
            journal: config.data.join("journal"),
            journal_bytes_max: u64::from(config.journal.megabytes_max) * 1024 * 1024,
            limits: Limits {
                tries_per_minute: config.guard.tries_per_minute,
                tries_per_minute_nas: config.guard.tries_per_minute_nas,
                tries_per_minute_tenant: config.guard.tries_per_minute_tenant,
                unknown_per_second_nas: config.guard.unknown_per_second_nas,
                unknown_per_second_tenant: config.guard.unknown_per_second_tenant,
                status_per_second: config.guard.status_per_second,
                status_per_second_all: config.guard.status_per_second_all,
                failed_proofs_per_minute: config.guard.failed_proofs_per_minute,
            },
            sightings_every: Duration::from_secs(10),
            tidy_every: Duration::from_secs(10),
        }
    }
}

/// What the role is given.
pub struct Parts {
    /// Who this node is.
    pub identity: Identity,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// The meters, registered.
    pub meters: Meters,
    /// Where readiness is told.
    pub health: Health,
    /// How the role is set up.
    pub settings: Settings,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The running role.
pub(crate) struct Node {
    pub(crate) identity: Identity,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) meters: Meters,
    pub(crate) health: Health,
    pub(crate) settings: Settings,
    pub(crate) registry: ArcSwap<Registry>,
    pub(crate) book: Book,
    pub(crate) freshness: Freshness,
    pub(crate) first_uses: FirstUses,
    pub(crate) waiting: Arc<Semaphore>,
    pub(crate) guard: Guard,
    /// Devices about which routers ask in vain.
    pub(crate) unmet: Unmet,
    hush: Hush,
    pub(crate) records: mpsc::Sender<accounting::Job>,
    pub(crate) journal: Arc<Journal>,
    /// On what ground this node answers: whatever decides something passes here first.
    pub(crate) standing: Gate,
    /// What this node does for all.
    pub(crate) duties: Duties,
    /// Takes the records of answers.
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) live: Live,
}

impl Node {
    /// The role's parts together, with the journal open.
    pub(crate) fn new(parts: Parts) -> Result<(Arc<Self>, mpsc::Receiver<accounting::Job>), RadiusdError> {
        let (records, jobs) = mpsc::channel(RECORDS_WAITING_MAX);
        let Parts { identity, store, clock, random, meters, health, settings } = parts;
        let gauges = Gauges {
            bytes: meters.journal_bytes.clone(),
            bytes_max: meters.journal_bytes_max.clone(),
            waiting: meters.journal_records_waiting.clone(),
            quarantine: meters.journal_quarantine.clone(),
        };
        let fresh = Context::new(&*clock, &*random).new_id();
        let journal = Arc::new(Journal::open(&settings.journal, settings.journal_bytes_max, gauges, fresh)?);
        let mut seed = [0; 8];
        random.fill(&mut seed);
        let guard = Guard::new(settings.limits, WAITING_MAX, u64::from_ne_bytes(seed));
        let recorder = Recorder::open(
            &settings.decisions,
            settings.decisions_bytes_max,
            KEPT_AT_LEAST.max(Span::seconds(2 * i64::from(settings.reserve_seconds))),
            identity.node,
            meters.decisions.clone(),
        )?;
        meters.decisions.recording.set(settings.decisions_recorded.into());
        let live = Live::default();
        let now = clock.now();
        match Left::read(&recorder, now, settings.reserve_seconds) {
            Ok(left) => live.set_left(left),
            Err(why) => error!("logins from before this start are not known, and may have places twice: {why}"),
        }
        let recorder = Arc::new(if settings.decisions_recorded { recorder } else { recorder.silenced() });
        let node = Self {
            guard,
            unmet: Unmet::new(u64::from_ne_bytes(seed).rotate_left(17)),
            standing: Gate::new(Arc::clone(&clock)),
            duties: Duties::default(),
            identity,
            store,
            clock,
            random,
            meters,
            health,
            settings,
            registry: ArcSwap::default(),
            book: Book::default(),
            freshness: Freshness::default(),
            first_uses: FirstUses::default(),
            waiting: Arc::new(Semaphore::new(usize::try_from(WAITING_MAX).unwrap_or(Semaphore::MAX_PERMITS))),
            hush: Hush::default(),
            records,
            journal,
            recorder,
            live,
        };
        Ok((Arc::new(node), jobs))
    }

    /// Whether whoever holds this pass decides from memory.
    pub(crate) const fn decides_from_memory(&self, pass: &Pass<'_>) -> bool {
        self.settings.decides_from_memory && pass.is_for_memory()
    }

    /// Tells how many names are in memory.
    pub(crate) fn note_names(&self) {
        self.meters.book_names.set(i64::try_from(self.book.len()).unwrap_or(i64::MAX));
    }

    /// Tells the log that a router gets no answer, at most once a minute for each router and reason.
    pub(crate) fn complain(&self, nas: &Nas, peer: SocketAddr, reason: Dropped, why: &dyn Display) {
        if let Some(untold) = self.hush.ask(nas.id, reason.name(), self.clock.monotonic_ms()) {
            let more = if untold > 0 { format!(" ({untold} more like it since the last time)") } else { String::new() };
            warn!(nas.id = %nas.id, %peer, reason = reason.name(), "no answer to `{}` at {peer}: {why}{more}", nas.name);
        }
    }

    /// Tells the log why a packet was not let in, where its router is known and its operator can do something.
    pub(crate) fn explain(&self, turned: &Turned, peer: SocketAddr) {
        if let (Some(known), Some(advice)) = (&turned.nas, turned.why.advice()) {
            self.complain(&known.nas, peer, turned.why, &advice);
        }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context::new(&*self.clock, &*self.random)
    }
}
