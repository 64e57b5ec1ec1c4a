//! What Prometheus is told about the RADIUS role. Labels have small, fixed sets of values: never a user, MAC or router.

mod histogram;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use domain::platform::node::Standing;
use domain::refusal::Refusal;
use radius::Code;

pub use self::histogram::Waits;

use crate::decisions::DecisionMeters;
use crate::door::{Dropped, Port};

mod tls;

pub use crate::meters::tls::{TlsMeters, TlsRefusal};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    code: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DropLabels {
    port: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    refusal: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PortLabels {
    port: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StandingLabels {
    standing: &'static str,
}

/// Access-Requests so far, by how they ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answered {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
}

/// How an answered request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Access-Accept.
    Accept,
    /// Access-Reject.
    Reject,
    /// Accounting-Response.
    Recorded,
    /// The answer to Status-Server.
    Status,
    /// The same answer again, to a repeated request.
    Repeated,
    /// No answer; the reason is counted in `radius_drops_total`.
    Dropped,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Recorded => "recorded",
            Self::Status => "status",
            Self::Repeated => "repeated",
            Self::Dropped => "dropped",
        }
    }
}

impl Port {
    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Acct => "acct",
        }
    }
}

/// What the logins of one batch came to. A worker counts here, alone, and adds it to the meters at the end of a batch.
#[derive(Debug, Default)]
pub struct Tally {
    accepted: u64,
    refused: [u64; Refusal::ALL.len()],
    hits: u64,
}

impl Tally {
    /// Counts an Access-Accept that was decided from memory.
    pub const fn accept(&mut self) {
        self.accepted += 1;
        self.hits += 1;
    }

    /// Counts an Access-Reject that was decided from memory.
    pub fn refuse(&mut self, why: Refusal) {
        let place = Refusal::ALL.iter().position(|known| *known == why);
        if let Some(count) = place.and_then(|place| self.refused.get_mut(place)) {
            *count += 1;
        }
        self.hits += 1;
    }

    /// How many logins were answered.
    pub const fn answered(&self) -> u64 {
        self.hits
    }
}

/// The meters of one RADIUS role.
#[derive(Debug)]
pub struct Meters {
    requests: Family<RequestLabels, Counter>,
    drops: Family<DropLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    kernel_drops: Family<PortLabels, Gauge>,
    /// Connections over TLS.
    pub tls: TlsMeters,
    /// Those that one login after another counts, found once.
    accepted: Counter,
    rejected: Counter,
    refused: [Counter; Refusal::ALL.len()],
    standings: Family<StandingLabels, Gauge>,
    /// Other nodes that are present.
    pub node_others: Gauge,
    /// How long ago the database was last heard of.
    pub node_silent_seconds: Gauge,
    /// From the arrival of an Access-Request to its answer.
    pub access_seconds: Waits,
    /// From the arrival of an Accounting-Request to its answer.
    pub accounting_seconds: Waits,
    /// Access-Requests that were decided from memory alone.
    pub book_hits: Counter,
    /// Access-Requests that waited for the database.
    pub book_misses: Counter,
    /// Names that are known in memory.
    pub book_names: Gauge,
    /// How often the database has told what has changed.
    pub book_readings: Counter,
    /// How long ago it last did.
    pub book_age_seconds: Gauge,
    /// How long ago the snapshot was written; -1 before the first time.
    pub book_snapshot_age_seconds: Gauge,
    /// Records per transaction.
    pub accounting_batch: Histogram,
    /// Records that wait to be written to the journal.
    pub accounting_waiting: Gauge,
    /// Octets of records in the journal.
    pub journal_bytes: Gauge,
    /// Octets that they may be.
    pub journal_bytes_max: Gauge,
    /// Records that are answered and not yet in the database.
    pub journal_records_waiting: Gauge,
    /// How old the oldest of them is.
    pub journal_oldest_seconds: Gauge,
    /// Records that the database refused and that are kept aside.
    pub journal_quarantined: Counter,
    /// Records and pieces of damaged files that are kept aside now.
    pub journal_quarantine: Gauge,
    /// Those of the records of answers.
    pub decisions: DecisionMeters,
    /// Sessions that routers have reported and not ended, over all tenants.
    pub sessions_open: Gauge,
    /// Routers that may ask.
    pub nas_known: Gauge,
    /// Routers whose row or secret cannot be read.
    pub nas_faulty: Gauge,
    /// Sessions reported that were not accepted here.
    pub sessions_unannounced: Counter,
    /// Live sessions beyond their device cap.
    pub sessions_placeless: Counter,
    /// Sessions whose latest changes are in memory and not yet in the database.
    pub sessions_unsaved: Gauge,
}

impl Meters {
    /// Makes the meters and shows them in a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let requests: Family<RequestLabels, Counter> = Family::default();
        let refusals: Family<RefusalLabels, Counter> = Family::default();
        let login = |outcome: Outcome| {
            let labels = RequestLabels { code: Code::AccessRequest.name(), outcome: outcome.name() };
            requests.get_or_create(&labels).clone()
        };
        let refused = Refusal::ALL.map(|why| refusals.get_or_create(&RefusalLabels { refusal: why.code() }).clone());
        let meters = Self {
            accepted: login(Outcome::Accept),
            rejected: login(Outcome::Reject),
            refused,
            requests,
            drops: Family::default(),
            refusals,
            kernel_drops: Family::default(),
            tls: TlsMeters::register(registry),
            standings: Family::default(),
            node_others: Gauge::default(),
            node_silent_seconds: Gauge::default(),
            access_seconds: Waits::default(),
            accounting_seconds: Waits::default(),
            book_hits: Counter::default(),
            book_misses: Counter::default(),
            book_names: Gauge::default(),
            book_readings: Counter::default(),
            book_age_seconds: Gauge::default(),
            book_snapshot_age_seconds: Gauge::default(),
            accounting_batch: Histogram::new([1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0]),
            accounting_waiting: Gauge::default(),
            journal_bytes: Gauge::default(),
            journal_bytes_max: Gauge::default(),
            journal_records_waiting: Gauge::default(),
            journal_oldest_seconds: Gauge::default(),
            journal_quarantined: Counter::default(),
            journal_quarantine: Gauge::default(),
            decisions: DecisionMeters::register(registry),
            sessions_open: Gauge::default(),
            nas_known: Gauge::default(),
            nas_faulty: Gauge::default(),
            sessions_unannounced: Counter::default(),
            sessions_placeless: Counter::default(),
            sessions_unsaved: Gauge::default(),
        };
        registry.register("radius_requests", "Requests by packet code and outcome", meters.requests.clone());
        registry.register("radius_drops", "Packets that got no answer, by port and reason", meters.drops.clone());
        registry.register("radius_refusals", "Access-Rejects by reason", meters.refusals.clone());
        registry.register(
            "radius_kernel_drops",
            "Datagrams that the kernel threw away because a socket's buffer was full",
            meters.kernel_drops.clone(),
        );
        registry.register("radius_access_seconds", "Access-Request to answer", meters.access_seconds.clone());
        registry.register(
            "radius_accounting_seconds",
            "Accounting-Request to answer, which leaves after the record is durable",
            meters.accounting_seconds.clone(),
        );
        registry.register(
            "radius_accounting_batch",
            "Accounting records written in one transaction",
            meters.accounting_batch.clone(),
        );
        registry.register(
            "radius_accounting_waiting",
            "Accounting records that wait to be written to the journal",
            meters.accounting_waiting.clone(),
        );
        meters.register_journal(registry);
        meters.register_book(registry);
        meters.register_node(registry);
        registry.register("sessions_open", "Sessions online as routers report them", meters.sessions_open.clone());
        registry.register("nas_known", "Routers that may ask", meters.nas_known.clone());
        registry.register(
            "nas_faulty",
            "Routers that may not ask, because their row or secret cannot be read",
            meters.nas_faulty.clone(),
        );
        registry.register(
            "sessions_unannounced",
            "Sessions reported by a router that were not accepted here",
            meters.sessions_unannounced.clone(),
        );
        registry.register(
            "sessions_placeless",
            "Reports of live sessions whose place in the device cap was given away",
            meters.sessions_placeless.clone(),
        );
        registry.register(
            "sessions_unsaved",
            "Sessions whose latest changes are in memory and not yet in the database",
            meters.sessions_unsaved.clone(),
        );
        meters
    }

    fn register_journal(&self, registry: &mut Registry) {
        registry.register("journal_bytes", "Octets of records in the journal", self.journal_bytes.clone());
        registry.register("journal_bytes_max", "Octets that they may be", self.journal_bytes_max.clone());
        registry.register(
            "journal_quarantine",
            "Accounting records and pieces of damaged files that are kept aside now",
            self.journal_quarantine.clone(),
        );
        registry.register(
            "journal_records_waiting",
            "Accounting records that are answered and not yet in the database",
            self.journal_records_waiting.clone(),
        );
        registry.register(
            "journal_oldest_seconds",
            "Age of the oldest accounting record that is not yet in the database",
            self.journal_oldest_seconds.clone(),
        );
        registry.register(
            "journal_quarantined",
            "Accounting records that the database refused and that are kept aside",
            self.journal_quarantined.clone(),
        );
    }

    fn register_book(&self, registry: &mut Registry) {
        registry.register("book_hits", "Access-Requests decided from memory alone", self.book_hits.clone());
        registry.register("book_misses", "Access-Requests that waited for the database", self.book_misses.clone());
        registry.register("book_names", "User names, codes and phone numbers known in memory", self.book_names.clone());
        registry.register(
            "book_readings",
            "How often the database has told what has changed",
            self.book_readings.clone(),
        );
        registry.register(
            "book_age_seconds",
            "How long ago the database last told what has changed",
            self.book_age_seconds.clone(),
        );
        registry.register(
            "book_snapshot_age_seconds",
            "How long ago the snapshot for a start without the database was written",
            self.book_snapshot_age_seconds.clone(),
        );
    }

    /// Counts what a batch of logins came to.
    pub fn add(&self, tally: &mut Tally) {
        let tally = std::mem::take(tally);
        self.accepted.inc_by(tally.accepted);
        self.book_hits.inc_by(tally.hits);
        let mut rejected = 0;
        for (counter, count) in self.refused.iter().zip(tally.refused).filter(|(_, count)| *count > 0) {
            counter.inc_by(count);
            rejected += count;
        }
        self.rejected.inc_by(rejected);
    }

    fn register_node(&self, registry: &mut Registry) {
        registry.register(
            "node_standing",
            "1 for the ground on which this node answers, 0 for the others",
            self.standings.clone(),
        );
        registry.register("node_others", "Other nodes that share the database", self.node_others.clone());
        registry.register(
            "node_silent_seconds",
            "How long ago the database was last heard of",
            self.node_silent_seconds.clone(),
        );
    }

    /// Notes on what ground this node answers.
    pub fn standing(&self, now: Standing) {
        for standing in Standing::ALL {
            let labels = StandingLabels { standing: standing.code() };
            self.standings.get_or_create(&labels).set((standing == now).into());
        }
    }

    /// Access-Requests so far.
    pub(crate) fn answered_logins(&self) -> Answered {
        let count = |outcome: Outcome| {
            let labels = RequestLabels { code: "Access-Request", outcome: outcome.name() };
            self.requests.get_or_create(&labels).get()
        };
        Answered {
            accepted: count(Outcome::Accept),
            refused: count(Outcome::Reject),
            unanswered: count(Outcome::Dropped),
        }
    }

    /// Counts an answered request.
    pub fn answered(&self, code: &'static str, outcome: Outcome) {
        self.requests.get_or_create(&RequestLabels { code, outcome: outcome.name() }).inc();
    }

    /// Counts a packet that gets no answer. `code` is its packet code where it could be read.
    pub fn dropped(&self, port: Port, code: &'static str, why: Dropped) {
        self.drops.get_or_create(&DropLabels { port: port.name(), reason: why.name() }).inc();
        self.answered(code, Outcome::Dropped);
    }

    /// Counts why somebody was refused.
    pub fn refused(&self, why: Refusal) {
        self.refusals.get_or_create(&RefusalLabels { refusal: why.code() }).inc();
    }

    /// Notes how many datagrams the kernel has thrown away on a port's sockets.
    pub fn kernel_dropped(&self, port: Port, more: u32) {
        self.kernel_drops.get_or_create(&PortLabels { port: port.name() }).inc_by(i64::from(more));
    }
}
