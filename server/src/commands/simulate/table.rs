//! The table of a simulation: a row each second, and a line when the speeds that were told change.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use simulators::nas::{FleetView, Moved};
use tokio::time::Instant;

/// Speeds that are shown beside each other.
const RATES_MAX: usize = 4;

/// Bits a second between two looks.
pub(super) fn pace(before: (Instant, Moved), now: (Instant, Moved)) -> (u64, u64) {
    let passed_ms = now.0.saturating_duration_since(before.0).as_millis().max(1);
    let bits = |now: u64, before: u64| {
        u64::try_from(u128::from(now.saturating_sub(before)) * 8_000 / passed_ms).unwrap_or(u64::MAX)
    };
    (bits(now.1.up, before.1.up), bits(now.1.down, before.1.down))
}

/// Whether speeds have come or gone, or are on the way from one to another. That more people have the same is no news.
pub(super) fn is_news(before: &BTreeMap<String, usize>, now: &BTreeMap<String, usize>) -> bool {
    !before.keys().eq(now.keys()) || (now.len() > 1 && before != now)
}

/// Which speeds are told how often, the most frequent first.
pub(super) fn in_words(rates: &BTreeMap<String, usize>) -> String {
    let mut all: Vec<_> = rates.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let name = |rate: &str| if rate.is_empty() { "no limit".to_owned() } else { rate.to_owned() };
    let shown = all.iter().take(RATES_MAX).map(|(rate, count)| format!("{count} × {}", name(rate)));
    let mut words: Vec<_> = shown.collect();
    if all.len() > RATES_MAX {
        words.push(format!("and {} others", all.len() - RATES_MAX));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

pub(super) const HEAD: &str =
    "   time  online  logins refused  silent      up/s    down/s  reports    lost  CoA yes/no  cut yes/no";

/// What a second looks like.
#[derive(Serialize)]
pub(super) struct Row {
    seconds: f64,
    online: usize,
    logins: u64,
    refused: u64,
    unanswered: u64,
    up_bps: u64,
    down_bps: u64,
    up_bytes: u64,
    down_bytes: u64,
    reports: u64,
    reports_lost: u64,
    coa_acked: u64,
    coa_refused: u64,
    disconnects_acked: u64,
    disconnects_refused: u64,
}

impl Row {
    pub(super) fn of(view: &FleetView, passed: Duration, (up_bps, down_bps): (u64, u64)) -> Self {
        let tally = &view.tally;
        Self {
            seconds: passed.as_secs_f64(),
            online: view.online,
            logins: tally.logins,
            refused: tally.refused,
            unanswered: tally.unanswered,
            up_bps,
            down_bps,
            up_bytes: tally.moved.up,
            down_bytes: tally.moved.down,
            reports: tally.reported,
            reports_lost: tally.lost,
            coa_acked: tally.coa_acked,
            coa_refused: tally.coa_naked,
            disconnects_acked: tally.disconnect_acked,
            disconnects_refused: tally.disconnect_naked,
        }
    }

    pub(super) fn text(&self) -> String {
        format!(
            "{:>6.0}s {:>7} {:>7} {:>7} {:>7} {:>9} {:>9} {:>8} {:>7} {:>11} {:>11}",
            self.seconds,
            self.online,
            self.logins,
            self.refused,
            self.unanswered,
            rounded(self.up_bps),
            rounded(self.down_bps),
            self.reports,
            self.reports_lost,
            format!("{}/{}", self.coa_acked, self.coa_refused),
            format!("{}/{}", self.disconnects_acked, self.disconnects_refused),
        )
    }
}

/// Bits a second with a unit and one decimal, cut off.
fn rounded(bits: u64) -> String {
    let (unit, name) = match bits {
        0..1_000 => return bits.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    format!("{}.{}{name}", bits / unit, bits % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_that_were_told_are_counted_and_few_are_shown() {
        let rates = |all: &[(&str, usize)]| {
            in_words(&all.iter().map(|(rate, count)| ((*rate).to_owned(), *count)).collect::<BTreeMap<_, _>>())
        };

        assert_eq!(rates(&[]), "none");
        assert_eq!(rates(&[("2M/5M", 1), ("3M/8M", 9), ("", 2)]), "9 × 3M/8M, 2 × no limit, 1 × 2M/5M");
        let told = |all: &[(&str, usize)]| all.iter().map(|(rate, count)| ((*rate).to_owned(), *count)).collect();
        assert!(!is_news(&told(&[("2M", 1)]), &told(&[("2M", 9)])) && is_news(&told(&[]), &told(&[("2M", 1)])));
        assert!(is_news(&told(&[("2M", 5), ("3M", 4)]), &told(&[("2M", 1), ("3M", 8)])));
        let many = rates(&[("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5), ("f", 6)]);
        assert!(many.ends_with("3 × c, and 2 others"), "{many}");
    }

    #[test]
    fn speeds_are_short() {
        let shown: Vec<_> = [0, 999, 10_000, 1_254_567, 98_765_432, 12_345_678_900].map(rounded).into();

        assert_eq!(shown, ["0", "999", "10.0k", "1.2M", "98.7M", "12.3G"]);
    }
}
