//! What Prometheus is told about convergence, and about jobs that wait.

use domain::access::order::{Answer, Ask};
use domain::platform::job::JobKind;
use domain::time::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use store::platform::jobs::Pile;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskLabels {
    kind: &'static str,
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    state: &'static str,
}

impl JobLabels {
    const fn of(kind: JobKind, is_parked: bool) -> Self {
        Self { kind: kind.code(), state: if is_parked { "parked" } else { "waiting" } }
    }
}

/// The role's metrics.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    pub(crate) looked: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) holds_duty: Gauge,
    asked: Family<AskLabels, Counter>,
    jobs: Family<JobLabels, Gauge>,
    jobs_oldest: Family<JobLabels, Gauge>,
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
        registry.register(
            "jobs",
            "Letters and tellings of partners that wait to be tried, or are parked until a person looks, of all tenants",
            meters.jobs.clone(),
        );
        registry.register(
            "jobs_oldest_seconds",
            "How long ago the oldest of these was asked for; 0 when there is none",
            meters.jobs_oldest.clone(),
        );
        meters
    }

    /// What lies there, as this node has counted it.
    pub(crate) fn jobs_lie(&self, piles: &[Pile], now: Timestamp) {
        for kind in JobKind::ALL {
            for is_parked in [false, true] {
                let pile = piles.iter().find(|pile| pile.kind == kind && pile.is_parked == is_parked);
                let count = pile.map_or(0, |pile| i64::try_from(pile.count).unwrap_or(i64::MAX));
                let age = pile.map_or(0, |pile| now.since(pile.oldest).as_seconds().max(0));
                let labels = JobLabels::of(kind, is_parked);
                self.jobs.get_or_create(&labels).set(count);
                self.jobs_oldest.get_or_create(&labels).set(age);
            }
        }
    }

    /// Somebody else counts from now on: an old count of ours would say that nothing changes.
    pub(crate) fn jobs_are_counted_elsewhere(&self) {
        self.jobs.clear();
        self.jobs_oldest.clear();
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

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn jobs_that_lie_are_told_by_kind_and_state_by_the_node_that_counts_them() {
        let mut registry = Registry::default();
        let meters = Meters::register(&mut registry);
        let page = || {
            let mut page = String::new();
            encode(&mut page, &registry).expect("written");
            page
        };
        let now = Timestamp::from_seconds(1_000_000);
        let pile = Pile { kind: JobKind::Mail, is_parked: false, count: 3, oldest: now.minus(Span::seconds(90)) };

        meters.jobs_lie(&[pile], now);
        let told = page();
        meters.jobs_lie(&[], now);
        let gone = page();
        meters.jobs_are_counted_elsewhere();

        for line in [
            "jobs{kind=\"mail\",state=\"waiting\"} 3",
            "jobs_oldest_seconds{kind=\"mail\",state=\"waiting\"} 90",
            "jobs{kind=\"mail\",state=\"parked\"} 0",
            "jobs{kind=\"webhook\",state=\"waiting\"} 0",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
        assert!(gone.lines().any(|told| told == "jobs{kind=\"mail\",state=\"waiting\"} 0"), "{gone}");
        assert!(!page().contains("jobs{"), "{}", page());
    }
}
