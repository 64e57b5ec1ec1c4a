//! What Prometheus is told about the RADIUS role. Labels have small, fixed sets of values: never a user, MAC or router.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use domain::refusal::Refusal;

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

/// The meters of one RADIUS role.
#[derive(Debug)]
pub struct Meters {
    requests: Family<RequestLabels, Counter>,
    drops: Family<DropLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    kernel_drops: Family<PortLabels, Gauge>,
    /// Connections over TLS.
    pub tls: TlsMeters,
    /// From the arrival of an Access-Request to its answer.
    pub access_seconds: Histogram,
    /// From the arrival of an Accounting-Request to its answer.
    pub accounting_seconds: Histogram,
    /// Records per transaction.
    pub accounting_batch: Histogram,
    /// Records that wait to be written to the journal.
    pub accounting_waiting: Gauge,
    /// Octets of records in the journal.
    pub journal_bytes: Gauge,
    /// Records that are answered and not yet in the database.
    pub journal_records_waiting: Gauge,
    /// How old the oldest of them is.
    pub journal_oldest_seconds: Gauge,
    /// Records that the database refused and that are kept aside.
    pub journal_quarantined: Counter,
    /// Sessions that routers have reported and not ended, over all tenants.
    pub sessions_open: Gauge,
    /// Routers that may ask.
    pub nas_known: Gauge,
    /// Sessions reported that were not accepted here.
    pub sessions_unannounced: Counter,
    /// Live sessions beyond their device cap.
    pub sessions_placeless: Counter,
}

impl Meters {
    /// Makes the meters and shows them in a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let latency = || Histogram::new([0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]);
        let meters = Self {
            requests: Family::default(),
            drops: Family::default(),
            refusals: Family::default(),
            kernel_drops: Family::default(),
            tls: TlsMeters::register(registry),
            access_seconds: latency(),
            accounting_seconds: latency(),
            accounting_batch: Histogram::new([1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0]),
            accounting_waiting: Gauge::default(),
            journal_bytes: Gauge::default(),
            journal_records_waiting: Gauge::default(),
            journal_oldest_seconds: Gauge::default(),
            journal_quarantined: Counter::default(),
            sessions_open: Gauge::default(),
            nas_known: Gauge::default(),
            sessions_unannounced: Counter::default(),
            sessions_placeless: Counter::default(),
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
        registry.register("sessions_open", "Sessions online as routers report them", meters.sessions_open.clone());
        registry.register("nas_known", "Routers that may ask", meters.nas_known.clone());
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
        meters
    }

    fn register_journal(&self, registry: &mut Registry) {
        registry.register("journal_bytes", "Octets of records in the journal", self.journal_bytes.clone());
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
