//! What Prometheus is told about records of answers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The meters of the log of decisions.
#[derive(Clone, Debug, Default)]
pub struct DecisionMeters {
    /// Records taken.
    pub records: Counter,
    /// Records that were lost: the log was full or could not be written.
    pub shed: Counter,
    /// Whether answers are recorded: 1, or 0 when that is switched off.
    pub recording: Gauge,
    /// Places of the log that could not be read.
    pub damaged: Counter,
    /// Octets of records on disk.
    pub log_bytes: Gauge,
    /// How old the oldest record is that is not in the database.
    pub oldest_seconds: Gauge,
    /// Records saved.
    pub saved: Counter,
    /// Blocks written to the database.
    pub blocks: Counter,
}

impl DecisionMeters {
    /// Makes them, and shows them in a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let meters = Self::default();
        registry.register("decisions_recorded", "Answers whose record was taken", meters.records.clone());
        registry.register(
            "decisions_shed",
            "Records of answers that were lost because their log was full or could not be written",
            meters.shed.clone(),
        );
        registry.register(
            "decisions_recording",
            "1 while answers are recorded, 0 when that is switched off",
            meters.recording.clone(),
        );
        registry.register("decisions_damaged", "Places of the log that could not be read", meters.damaged.clone());
        registry.register("decisions_log_bytes", "Octets of records in the log", meters.log_bytes.clone());
        registry.register(
            "decisions_oldest_seconds",
            "Age of the oldest record that is not yet in the database",
            meters.oldest_seconds.clone(),
        );
        registry.register("decisions_saved", "Records written to the database", meters.saved.clone());
        registry.register("decisions_blocks", "Blocks of records written to the database", meters.blocks.clone());
        meters
    }
}
