//! The calendar of a zone: days, weeks and months, and what the clock on the wall shows.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use smallvec::SmallVec;

use super::{TimeError, Timestamp, Zone};

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;

/// A stretch of the calendar over which something is counted, in the tenant's zone. A week begins on Monday.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// From the first of the month to its last day.
    Month,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// When the one began in which an instant lies.
    pub fn start(self, at: Timestamp, zone: &Zone) -> Timestamp {
        midnight(self.first_day(at, zone), zone)
    }

    /// When the next one begins.
    pub fn end(self, at: Timestamp, zone: &Zone) -> Timestamp {
        let first = self.first_day(at, zone);
        let span = match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
        };
        first.checked_add(span).map_or(Timestamp(i64::MAX), |next| midnight(next, zone))
    }

    /// When a day of a calendar begins and when the next one does: `2026-11-22`. `None` for what is no day.
    pub fn day_named(text: &str, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
        const LENGTH: usize = 10;
        let day: Date = text.parse().ok().filter(|_| text.len() == LENGTH)?;
        Some((midnight(day, zone), midnight(day.tomorrow().ok()?, zone)))
    }

    fn first_day(self, at: Timestamp, zone: &Zone) -> Date {
        let day = local(at, zone).date();
        match self {
            Self::Day => day,
            Self::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(Date::MIN),
            Self::Month => day.first_of_month(),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Period {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::NotAPeriod(text.chars().take(24).collect());
        Self::ALL.into_iter().find(|period| period.code() == text).ok_or_else(bad)
    }
}

/// What the clock on the wall shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WallClock {
    /// The day of the week: 0 is Monday, 6 is Sunday.
    pub weekday: u8,
    /// Minutes since midnight, 0 to 1,439.
    pub minute: u16,
}

impl Timestamp {
    /// When the hour of the wall clock began in which this instant lies.
    #[must_use]
    pub fn hour_start(self, zone: &Zone) -> Self {
        let local = local(self, zone);
        let seconds = i64::from(local.minute()) * 60 + i64::from(local.second());
        let micros = self.0.rem_euclid(1_000_000);
        Self(self.0.saturating_sub(seconds * 1_000_000 + micros))
    }

    /// What the clock on the wall of a zone shows at this instant.
    pub fn wall_clock(self, zone: &Zone) -> WallClock {
        let local = local(self, zone);
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        WallClock {
            weekday: u8::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0),
            minute: u16::try_from(minute).unwrap_or(0),
        }
    }
}

impl Zone {
    /// The instants at which the clock on the wall shows a minute, 0 to 1,440, so many days after the day of `at`: two
    /// where the clock is set back over it, the one after the gap where it is set forward over it.
    pub fn moments(&self, at: Timestamp, days_ahead: u8, minute: u16) -> SmallVec<[Timestamp; 2]> {
        let moment = local(at, self)
            .date()
            .checked_add(i64::from(days_ahead).days())
            .and_then(|day| day.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()));
        let Ok(moment) = moment else { return SmallVec::new() };
        let ambiguous = || self.0.to_ambiguous_zoned(moment);
        let both = [ambiguous().earlier(), ambiguous().later()];
        let mut moments: SmallVec<[Timestamp; 2]> =
            both.into_iter().flatten().map(|zoned| Timestamp(zoned.timestamp().as_microsecond())).collect();
        moments.dedup();
        moments
    }

    /// When the clock is next set forward or back, if ever.
    pub fn next_shift(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.following(at.to_jiff()).next().map(|shift| Timestamp(shift.timestamp().as_microsecond()))
    }
}

fn local(at: Timestamp, zone: &Zone) -> DateTime {
    zone.0.to_datetime(at.to_jiff())
}

/// The first instant of a day: later than midnight where the clock is set forward over that.
fn midnight(day: Date, zone: &Zone) -> Timestamp {
    day.to_zoned(zone.0.clone()).map_or(Timestamp(i64::MAX), |zoned| Timestamp(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a good instant")
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("known")
    }

    #[test]
    fn days_weeks_and_months_begin_at_midnight_of_the_zone_and_weeks_on_monday() {
        let nairobi = zone("Africa/Nairobi");
        // A Saturday, already 01:30 in Nairobi.
        let now = at("2026-11-20T22:30:00Z");

        assert_eq!(Period::Day.start(now, &nairobi), at("2026-11-21T00:00:00+03:00"));
        assert_eq!(Period::Day.end(now, &nairobi), at("2026-11-22T00:00:00+03:00"));
        assert_eq!(Period::Week.start(now, &nairobi), at("2026-11-16T00:00:00+03:00"));
        assert_eq!(Period::Week.end(now, &nairobi), at("2026-11-23T00:00:00+03:00"));
        assert_eq!(Period::Month.start(now, &nairobi), at("2026-11-01T00:00:00+03:00"));
        assert_eq!(Period::Month.end(now, &nairobi), at("2026-12-01T00:00:00+03:00"));
    }

    #[test]
    fn the_border_itself_is_in_the_period_that_begins() {
        let nairobi = zone("Africa/Nairobi");
        let monday = at("2026-11-23T00:00:00+03:00");

        for period in [Period::Day, Period::Week] {
            assert_eq!(period.start(monday, &nairobi), monday);
            assert_eq!(period.end(monday.minus(crate::time::Span::micros(1)), &nairobi), monday);
        }
    }

    #[test]
    fn a_day_has_as_many_hours_as_the_clock_gives_it() {
        let berlin = zone("Europe/Berlin");
        let hours = |day: &str| {
            let noon = at(day);
            Period::Day.end(noon, &berlin).since(Period::Day.start(noon, &berlin)).as_seconds() / 3_600
        };

        assert_eq!(hours("2026-03-29T12:00:00+02:00"), 23);
        assert_eq!(hours("2026-10-25T12:00:00+01:00"), 25);
        assert_eq!(hours("2026-11-21T12:00:00+01:00"), 24);
    }

    #[test]
    fn a_minute_that_the_clock_shows_twice_has_two_moments_and_one_that_it_leaps_over_is_after_the_gap() {
        let berlin = zone("Europe/Berlin");
        let half_past_two = 150;

        let twice = berlin.moments(at("2026-10-24T12:00:00+02:00"), 1, half_past_two);
        let leapt = berlin.moments(at("2026-03-28T12:00:00+01:00"), 1, half_past_two);

        assert_eq!(twice[..], [at("2026-10-25T02:30:00+02:00"), at("2026-10-25T02:30:00+01:00")]);
        assert!(leapt.contains(&at("2026-03-29T03:30:00+02:00")), "{leapt:?}");
        assert_eq!(berlin.next_shift(at("2026-03-28T12:00:00+01:00")), Some(at("2026-03-29T03:00:00+02:00")));
        assert_eq!(zone("Africa/Nairobi").next_shift(at("2026-03-28T12:00:00+01:00")), None);
    }

    #[test]
    fn hours_are_those_of_the_wall_and_no_hour_is_in_two_days() {
        let now = at("2026-11-21T12:59:59.999999Z");

        assert_eq!(now.hour_start(&zone("Africa/Nairobi")), at("2026-11-21T12:00:00Z"));
        assert_eq!(now.hour_start(&zone("Asia/Kolkata")), at("2026-11-21T18:00:00+05:30"));
        for name in ["Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin", "America/St_Johns"] {
            let zone = zone(name);
            for quarter in 0..4 * 24 * 366 {
                let now = at("2026-01-01T00:00:00Z").plus(crate::time::Span::minutes(quarter * 15));
                assert!(now.hour_start(&zone) >= Period::Day.start(now, &zone), "{name}: {now}");
            }
        }
    }

    #[test]
    fn midnight_is_the_end_of_a_day_and_the_beginning_of_the_next() {
        let utc = Zone::utc();
        let noon = at("2026-11-21T12:00:00Z");

        assert_eq!(utc.moments(noon, 0, DAY_MINUTES), utc.moments(noon, 1, 0));
        assert_eq!(at("2026-11-22T00:00:00Z").wall_clock(&utc), WallClock { weekday: 6, minute: 0 });
    }
}
