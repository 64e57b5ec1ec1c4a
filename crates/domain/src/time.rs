//! Instants, spans and the calendar, without a clock: whoever asks what time it is was given it.

mod calendar;

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use thiserror::Error;

pub use self::calendar::{DAY_MINUTES, Period, WallClock};

/// An instant in UTC, in whole microseconds since the Unix epoch (what PostgreSQL's `timestamptz` holds).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant that many seconds after 1970-01-01T00:00:00Z; saturates at the ends of time.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by a span; saturates at the ends of time.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This instant moved back by a span; saturates at the ends of time.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// What lies between an earlier instant and this one; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Seconds from this instant until `end`, rounded down; 0 when `end` has passed.
    pub fn whole_seconds_until(self, end: Self) -> u64 {
        u64::try_from(end.since(self).0 / 1_000_000).unwrap_or(0)
    }

    /// The wall clock of a zone at this instant, as `2026-11-21 14:05:09`.
    pub fn in_zone(self, zone: &Zone) -> String {
        self.to_jiff().to_zoned(zone.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

/// RFC 3339 in UTC, to the microsecond.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    /// Reads RFC 3339 with an offset, as `2026-11-21T14:05:09+03:00`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self(instant.as_microsecond()))
            .map_err(|_| TimeError::NotAnInstant(text.chars().take(40).collect()))
    }
}

/// A length of time in microseconds. Exact: an hour is 3,600 seconds whatever the clocks do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(i64);

impl Span {
    /// That many microseconds.
    pub const fn micros(micros: i64) -> Self {
        Self(micros)
    }

    /// That many seconds; saturates.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// That many minutes; saturates.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// Microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded towards zero.
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }
}

/// A time zone by its IANA name, as `Africa/Nairobi`. Only calendar edges (months, days, displays) need one.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    pub const fn utc() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }

    /// The zone with an IANA name; a name that the bundled zone database does not know is an error.
    pub fn named(name: &str) -> Result<Self, TimeError> {
        jiff::tz::TimeZone::get(name).map(Self).map_err(|_| TimeError::UnknownZone(name.chars().take(64).collect()))
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How long something sold lasts: exact minutes, or calendar days or months in the tenant's zone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Duration {
    /// Exact minutes: an hour is 60, `24 h` is 1,440.
    Minutes(u32),
    /// Calendar days: the same wall-clock time that many days on.
    Days(u32),
    /// Calendar months: the same day of the month, or the last day where the month is shorter.
    Months(u32),
}

impl Duration {
    /// The longest duration that can be sold: ten years.
    pub const MONTHS_MAX: u32 = 120;

    /// The instant at which something of this length ends.
    ///
    /// Months are counted from the start's own day, so 31 January + 1 month is the last of February; days and months
    /// keep the wall clock of `zone` through daylight-saving changes.
    pub fn end_from(self, start: Timestamp, zone: &Zone) -> Timestamp {
        let span = match self {
            Self::Minutes(minutes) => return start.plus(Span::minutes(i64::from(minutes))),
            Self::Days(days) => i64::from(days).days(),
            Self::Months(months) => i64::from(months).months(),
        };
        start
            .to_jiff()
            .to_zoned(zone.0.clone())
            .checked_add(span)
            .map_or_else(|_| Timestamp(i64::MAX), |end| Timestamp(end.timestamp().as_microsecond()))
    }
}

/// `30m`, `8h`, `7d`, `1mo`: what [`Duration::from_str`] reads.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(minutes) if minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            Self::Minutes(minutes) => write!(f, "{minutes}m"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Months(months) => write!(f, "{months}mo"),
        }
    }
}

impl FromStr for Duration {
    type Err = TimeError;
    /// Reads a number and one of `m` or `min`, `h`, `d`, `w`, `mo`, `y`; zero and more than ten years are errors.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::NotADuration(text.chars().take(40).collect());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| bad())?;
        let duration = match unit.trim_start() {
            "m" | "min" => Self::Minutes(number),
            "h" => Self::Minutes(number.checked_mul(60).ok_or_else(bad)?),
            "d" => Self::Days(number),
            "w" => Self::Days(number.checked_mul(7).ok_or_else(bad)?),
            "mo" | "month" | "months" => Self::Months(number),
            "y" => Self::Months(number.checked_mul(12).ok_or_else(bad)?),
            _ => return Err(bad()),
        };
        let days_max = Self::MONTHS_MAX * 31;
        let fits = match duration {
            Self::Minutes(minutes) => (1..=days_max * 24 * 60).contains(&minutes),
            Self::Days(days) => (1..=days_max).contains(&days),
            Self::Months(months) => (1..=Self::MONTHS_MAX).contains(&months),
        };
        if fits { Ok(duration) } else { Err(bad()) }
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("`{0}` is not an instant: write it as 2026-11-21T14:05:09+03:00")]
    NotAnInstant(String),
    /// Not a zone of the IANA database.
    #[error("`{0}` is not a time zone: write it as Africa/Nairobi")]
    UnknownZone(String),
    /// Not a stretch of the calendar.
    #[error("`{0}` is not a period: write day, week or month")]
    NotAPeriod(String),
    /// Not a length of time that can be sold.
    #[error("`{0}` is not a duration from 1m to 10y: write it as 30m, 8h, 7d, 2w or 1mo")]
    NotADuration(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a good instant")
    }

    #[test]
    fn a_month_from_the_31st_ends_on_the_last_day_of_february() {
        let nairobi = Zone::named("Africa/Nairobi").expect("known");

        let end = Duration::Months(1).end_from(at("2027-01-31T09:00:00+03:00"), &nairobi);

        assert_eq!(end, at("2027-02-28T09:00:00+03:00"));
    }

    #[test]
    fn a_calendar_day_keeps_the_wall_clock_through_a_daylight_saving_change() {
        let berlin = Zone::named("Europe/Berlin").expect("known");

        let end = Duration::Days(1).end_from(at("2026-03-28T12:00:00+01:00"), &berlin);

        assert_eq!(end, at("2026-03-29T12:00:00+02:00"));
    }

    #[test]
    fn twenty_four_hours_are_exact() {
        let start = at("2026-11-21T06:00:00Z");

        let end = Duration::Minutes(24 * 60).end_from(start, &Zone::utc());

        assert_eq!(start.whole_seconds_until(end), 86_400);
    }

    #[test]
    fn durations_read_back_as_they_print() {
        for text in ["30m", "1h", "24h", "7d", "1mo", "12mo"] {
            assert_eq!(text.parse::<Duration>().expect("good").to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_not_a_duration() {
        for text in ["", "0h", "h", "-1h", "99999999999d", "11y", "1 fortnight", "1.5h"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn time_left_is_never_negative() {
        assert_eq!(Timestamp::from_seconds(100).whole_seconds_until(Timestamp::from_seconds(40)), 0);
    }
}
