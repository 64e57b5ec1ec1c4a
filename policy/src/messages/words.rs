//! Moments, lengths of time and amounts as messages say them.

use domain::messages::language::Language;
use domain::time::{Duration, Timestamp, Zone};

/// `22/11/2026 18:05` by the wall clock of a zone.
pub fn moment(at: Timestamp, zone: &Zone) -> String {
    let whole = at.in_zone(zone);
    let part = |range| whole.get(range).unwrap_or_default();
    format!("{}/{}/{} {}", part(8..10), part(5..7), part(0..4), part(11..16))
}

/// What a language says, among those that come with the program; English for others.
fn is_swahili(language: &Language) -> bool {
    *language == Language::swahili()
}

/// `3 hours`, `saa 3`.
pub fn length(duration: Duration, language: &Language) -> String {
    let (number, unit) = match duration {
        Duration::Minutes(minutes) if minutes % (24 * 60) == 0 && minutes > 24 * 60 => (minutes / (24 * 60), "day"),
        Duration::Minutes(minutes) if minutes % 60 == 0 => (minutes / 60, "hour"),
        Duration::Minutes(minutes) => (minutes, "minute"),
        Duration::Days(days) => (days, "day"),
        Duration::Months(months) => (months, "month"),
    };
    if !is_swahili(language) {
        return format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    }
    let noun = match (unit, number) {
        ("minute", _) => "dakika",
        ("hour", _) => "saa",
        ("day", _) => "siku",
        (_, 1) => "mwezi",
        (_, _) => "miezi",
    };
    format!("{noun} {number}")
}

/// When a voucher begins whose time begins with its first use.
pub fn first_use(language: &Language) -> &'static str {
    if is_swahili(language) { "matumizi ya kwanza" } else { "first use" }
}

/// When such a voucher ends.
pub fn after_first_use(duration: Duration, language: &Language) -> String {
    let length = length(duration, language);
    if is_swahili(language) { format!("{length} baada ya hapo") } else { format!("{length} later") }
}

/// `7KQ2MXAB (hour, until 22/11/2026 18:05)`.
pub fn listed(code: &str, plan: &str, until: Option<&str>, language: &Language) -> String {
    match (until, is_swahili(language)) {
        (Some(until), false) => format!("{code} ({plan}, until {until})"),
        (Some(until), true) => format!("{code} ({plan}, hadi {until})"),
        (None, false) => format!("{code} ({plan}, not used yet)"),
        (None, true) => format!("{code} ({plan}, haijatumika)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_wall_clock() {
        let at: Timestamp = "2026-11-22T15:05:09Z".parse().expect("good");

        assert_eq!(moment(at, &Zone::named("Africa/Nairobi").expect("known")), "22/11/2026 18:05");
    }

    #[test]
    fn lengths_are_said_in_both_languages() {
        let both = |text: &str| {
            let duration = text.parse().expect("good");
            [Language::english(), Language::swahili()].map(|language| length(duration, &language))
        };

        assert_eq!(both("1h"), ["1 hour", "saa 1"]);
        assert_eq!(both("30m"), ["30 minutes", "dakika 30"]);
        assert_eq!(both("24h"), ["24 hours", "saa 24"]);
        assert_eq!(both("48h"), ["2 days", "siku 2"]);
        assert_eq!(both("7d"), ["7 days", "siku 7"]);
        assert_eq!(both("1mo"), ["1 month", "mwezi 1"]);
        assert_eq!(both("3mo"), ["3 months", "miezi 3"]);
    }
}
