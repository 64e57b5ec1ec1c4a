//! What Prometheus is told about convergence.

use domain::access::order::{Answer, Ask};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskLabels {
    kind: &'static str,
    answer: &'static str,
}

/// The role's metrics.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    pub(crate) looked: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) holds_duty: Gauge,
    asked: Family<AskLabels, Counter>,
}

impl Meters {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let meters = Self::default();
        registry.register(
            "convergence_looked",
            "Live sessions that were compared with what they should have",
            meters.looked.clone(),
        );
        registry.register(
            "convergence_waiting",
            "Live sessions that wait to be compared with what they should have",
            meters.waiting.clone(),
        );
        registry.register(
            "convergence_duty",
            "Whether this node is the one that keeps live sessions on their terms",
            meters.holds_duty.clone(),
        );
        registry.register(
            "convergence_asked",
            "What routers were asked to do with live sessions, by what they answered",
            meters.asked.clone(),
        );
        meters
    }

    pub(crate) fn answered(&self, ask: &Ask, answer: &Answer) {
        let kind = match ask {
            Ask::Change(_) => "change",
            Ask::Disconnect(_) => "disconnect",
        };
        let answer = match answer {
            Answer::Done => "done",
            Answer::NoSuchSession => "no_such_session",
            Answer::Refused(_) => "refused",
            Answer::Silence => "silence",
            Answer::NotAsked => "not_asked",
            Answer::Unreachable(_) => "unreachable",
        };
        self.asked.get_or_create(&AskLabels { kind, answer }).inc();
    }
}
