//! Moments as people type them in a table.

use domain::time::{Timestamp, Zone};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Octets of the longest spelling that can be a moment.
const LENGTH_MAX: usize = 40;

/// Reads RFC 3339 with an offset, `2026-11-21 14:05` with or without seconds, or a day alone, which is paid for whole:
/// it ends where the next one begins. Without an offset the wall clock of `zone` is meant.
pub(super) fn parse(text: &str, zone: &Zone) -> Option<Timestamp> {
    // The year comes first and has four digits: 01/02/26 is another day in each country.
    let begins_with_a_date = matches!(
        text.as_bytes(),
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, ..] if [y1, y2, y3, y4, m1, m2, d1, d2].iter().all(|b| b.is_ascii_digit())
    );
    if !begins_with_a_date || text.len() > LENGTH_MAX || text.contains('[') {
        return None;
    }
    let local = match text.get(10..)? {
        "" => text.parse::<Date>().ok()?.tomorrow().ok()?.at(0, 0, 0, 0),
        time if has_offset(time) => return text.parse().ok(),
        _ => text.parse::<DateTime>().ok()?,
    };
    let zone = TimeZone::get(zone.name()).ok()?;
    Some(Timestamp::from_micros(local.to_zoned(zone).ok()?.timestamp().as_microsecond()))
}

fn has_offset(time: &str) -> bool {
    time.contains(['+', '-', 'Z', 'z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nairobi(text: &str) -> Option<String> {
        let zone = Zone::named("Africa/Nairobi").expect("a known zone");
        parse(text, &zone).map(|moment| moment.to_string())
    }

    #[test]
    fn a_day_alone_is_paid_for_whole() {
        assert_eq!(nairobi("2026-12-31").as_deref(), Some("2026-12-31T21:00:00Z"));
    }

    #[test]
    fn wall_clocks_are_those_of_the_zone_unless_an_offset_is_there() {
        for (text, moment) in [
            ("2026-11-21 14:05", "2026-11-21T11:05:00Z"),
            ("2026-11-21T14:05:09", "2026-11-21T11:05:09Z"),
            ("2026-11-21T14:05:09+01:00", "2026-11-21T13:05:09Z"),
            ("2026-11-21T14:05:09Z", "2026-11-21T14:05:09Z"),
            ("2026-11-21 14:05:09-05:00", "2026-11-21T19:05:09Z"),
        ] {
            assert_eq!(nairobi(text).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_could_be_two_days_is_no_moment() {
        for text in
            ["31/12/2026", "12/31/2026", "01-02-26", "20261231", "2026-02-30", "2026-12-31 25:00", "45657", "next"]
        {
            assert_eq!(nairobi(text), None, "{text}");
        }
    }
}
