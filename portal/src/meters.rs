//! What Prometheus is told of the portal.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds at which answers are counted apart.
const SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0];

/// One kind of request and how it ended. Pages are a fixed list, and so are statuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// The path of the page; `other` where there is none.
    pub page: String,
    /// The status.
    pub status: u16,
}

/// What somebody typed, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Typed {
    /// `sent_on` to the router, or the code of the refusal, or `too_many_tries`.
    pub outcome: &'static str,
}

/// What became of a gateway's callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Called {
    /// `kept`; or why not: `nobodys`, `stranger`, `too_large`, `not_kept`.
    pub outcome: &'static str,
}

/// Numbers of the role. Clones share them.
#[derive(Clone, Debug)]
pub struct Meters {
    pub(crate) requests: Family<Answered, Counter>,
    pub(crate) seconds: Histogram,
    pub(crate) logins: Family<Typed, Counter>,
    pub(crate) callbacks: Family<Called, Counter>,
    pub(crate) connections: web::Connections,
    pub(crate) panics: Counter,
}

impl Meters {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let meters = Self {
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            logins: Family::default(),
            callbacks: Family::default(),
            connections: web::Connections::default(),
            panics: Counter::default(),
        };
        registry.register("portal_requests", "Requests of the portal, by how they ended", meters.requests.clone());
        registry.register("portal_request_seconds", "How long answers of the portal took", meters.seconds.clone());
        registry.register(
            "portal_logins",
            "What people typed to come online, by what came of it",
            meters.logins.clone(),
        );
        registry.register(
            "portal_callbacks",
            "Callbacks of gateways, by what became of them",
            meters.callbacks.clone(),
        );
        registry.register(
            "portal_connections",
            "Connections that the portal has open",
            meters.connections.open.clone(),
        );
        registry.register(
            "portal_connections_refused",
            "Connections of the portal that were one too many",
            meters.connections.refused.clone(),
        );
        registry.register(
            "portal_panics",
            "Requests of the portal that found a mistake of ours",
            meters.panics.clone(),
        );
        meters
    }
}
