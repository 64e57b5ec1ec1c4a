//! How long things take when they are done again and again, told in a line.

use std::time::Duration;

/// A line for people: the median and the slowest of these times, and how many rows came on average.
pub fn line(what: &str, mut waits: Vec<Duration>, rows: usize) -> String {
    waits.sort_unstable();
    let times = waits.len().max(1);
    let ms = |at: usize| waits.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3;
    #[expect(clippy::cast_precision_loss, reason = "some thousand rows")]
    let each = rows as f64 / times as f64;
    format!(
        "{what:36} median {:6.1} ms, slowest of {times} {:6.1} ms; {each:.1} rows each",
        ms(times / 2),
        ms(times - 1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_slowest_are_told() {
        let waits = [5, 1, 3].map(Duration::from_millis).to_vec();
        let told = line("by user", waits, 6);

        assert!(told.contains("median    3.0 ms, slowest of 3    5.0 ms; 2.0 rows each"), "{told}");
    }
}
