//! What Prometheus is told of the API.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds at which answers are counted apart.
const SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0];

/// One kind of request and how it ended. Routes are a fixed list, and so are statuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// The path of the route as the document writes it; `other` where there is none.
    pub route: String,
    /// The method.
    pub method: &'static str,
    /// The status.
    pub status: u16,
}

/// Whose route it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfRoute {
    /// The path of the route as the document writes it.
    pub route: String,
}

/// Numbers of the role. Clones share them.
#[derive(Clone, Debug)]
pub struct Meters {
    pub(crate) requests: Family<Answered, Counter>,
    pub(crate) seconds: Family<OfRoute, Histogram>,
    pub(crate) connections: web::Connections,
    pub(crate) panics: Counter,
}

impl Meters {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let meters = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            connections: web::Connections::default(),
            panics: Counter::default(),
        };
        registry.register("http_requests", "Requests of the API, by how they ended", meters.requests.clone());
        registry.register("http_request_seconds", "How long answers of the API took", meters.seconds.clone());
        registry.register("http_connections", "Connections that the API has open", meters.connections.open.clone());
        registry.register(
            "http_connections_refused",
            "Connections that were one too many",
            meters.connections.refused.clone(),
        );
        registry.register("http_panics", "Requests that found a mistake of ours", meters.panics.clone());
        meters
    }
}
