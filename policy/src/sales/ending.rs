//! When somebody is told that their time is nearly over.

use domain::time::{Duration, Span};

/// The part of what was bought that is left when its owner is told: a tenth.
const PART: i64 = 10;

/// How long before the end of that much time its owner is told. A month counts as thirty days.
pub fn warns_within(bought: Duration) -> Span {
    const DAY_MINUTES: i64 = 24 * 60;
    let minutes = match bought {
        Duration::Minutes(minutes) => i64::from(minutes),
        Duration::Days(days) => i64::from(days).saturating_mul(DAY_MINUTES),
        Duration::Months(months) => i64::from(months).saturating_mul(30 * DAY_MINUTES),
    };
    Span::seconds(minutes.saturating_mul(60) / PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_left_when_the_owner_is_told() {
        for (bought, seconds) in [
            (Duration::Minutes(60), 360),
            (Duration::Minutes(1), 6),
            (Duration::Days(1), 8_640),
            (Duration::Months(1), 259_200),
        ] {
            assert_eq!(warns_within(bought).as_seconds(), seconds, "{bought}");
        }
    }
}
