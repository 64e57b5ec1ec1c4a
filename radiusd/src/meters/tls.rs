//! What is told about connections over TLS.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Why a connection was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TlsRefusal {
    /// More connections than there are places.
    TooMany,
    /// Its address has failed too often lately.
    TooManyFailures,
    /// We have no certificate of our own yet.
    NotReady,
    /// No TLS, no certificate, or one that our authority has not signed or that has ended.
    Handshake,
    /// It did not prove in time who it is.
    TooSlow,
    /// A certificate of ours that was taken back, or whose router is gone.
    NotInForce,
}

impl TlsRefusal {
    /// A fixed word for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooManyFailures => "too_many_failures",
            Self::NotReady => "not_ready",
            Self::Handshake => "handshake",
            Self::TooSlow => "too_slow",
            Self::NotInForce => "not_in_force",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

/// The meters of connections over TLS.
#[derive(Debug)]
pub struct TlsMeters {
    /// Routers' connections that are open.
    pub connections: Gauge,
    refusals: Family<RefusalLabels, Counter>,
}

impl TlsMeters {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let meters = Self { connections: Gauge::default(), refusals: Family::default() };
        registry.register("radsec_connections", "Routers' connections over TLS", meters.connections.clone());
        registry.register("radsec_refusals", "Connections over TLS not taken, by reason", meters.refusals.clone());
        meters
    }

    /// Counts a connection that was not taken.
    pub fn refused(&self, why: TlsRefusal) {
        self.refusals.get_or_create(&RefusalLabels { reason: why.name() }).inc();
    }
}
