//! A histogram that many cores observe at once without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// The upper ends of the buckets, in microseconds; one more bucket takes what is slower.
const ENDS_MICROS: [u64; 14] =
    [100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000];

#[derive(Debug, Default)]
struct Counts {
    buckets: [AtomicU64; ENDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

/// Waiting times. Cloned, it is the same histogram.
#[derive(Clone, Debug, Default)]
pub struct Waits(Arc<Counts>);

impl Waits {
    /// Counts `many` requests that each waited this long.
    pub fn observe(&self, waited: Duration, many: u64) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        let bucket = ENDS_MICROS.partition_point(|end| *end < micros);
        if let Some(count) = self.0.buckets.get(bucket) {
            count.fetch_add(many, Ordering::Relaxed);
        }
        self.0.sum_micros.fetch_add(micros.saturating_mul(many), Ordering::Relaxed);
    }
}

impl EncodeMetric for Waits {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let seconds = |micros: u64| Duration::from_micros(micros).as_secs_f64();
        let mut buckets = [(f64::INFINITY, 0); ENDS_MICROS.len() + 1];
        for (index, (end, count)) in buckets.iter_mut().enumerate() {
            if let Some(micros) = ENDS_MICROS.get(index) {
                *end = seconds(*micros);
            }
            *count = self.0.buckets.get(index).map_or(0, |count| count.load(Ordering::Relaxed));
        }
        let all = buckets.iter().map(|(_, count)| count).sum();
        let sum = seconds(self.0.sum_micros.load(Ordering::Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, all, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn waits_are_counted_in_their_buckets() {
        let waits = Waits::default();
        let mut registry = Registry::default();
        registry.register("wait_seconds", "Waits", waits.clone());

        waits.observe(Duration::from_micros(80), 3);
        waits.observe(Duration::from_micros(1_000), 1);
        waits.observe(Duration::from_secs(9), 2);
        let mut text = String::new();
        encode(&mut text, &registry).expect("writes");

        for line in [
            "wait_seconds_count 6",
            "wait_seconds_bucket{le=\"0.0001\"} 3",
            "wait_seconds_bucket{le=\"0.001\"} 4",
            "wait_seconds_bucket{le=\"2.5\"} 4",
            "wait_seconds_bucket{le=\"+Inf\"} 6",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
