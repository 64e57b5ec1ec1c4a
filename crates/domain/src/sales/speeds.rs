//! Speeds of a plan that hold at some times of the week, or after so much data.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::rate::{Bytes, RateLimit};
use crate::time::{DAY_MINUTES, Period, WallClock};

/// The most speed windows, and the most fair-use steps, of one plan.
pub const MANY_MAX: usize = 16;

const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Days(u8);

impl Days {
    /// All seven.
    pub const DAILY: Self = Self(0b111_1111);

    /// Whether a day is among them: 0 is Monday.
    pub const fn has(self, weekday: u8) -> bool {
        self.0 >> (weekday % 7) & 1 == 1
    }
}

/// `daily`, `mon-fri`, `sat,sun`, `mon-wed,sat`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::DAILY {
            return f.write_str("daily");
        }
        let (mut day, mut follows) = (0_u8, false);
        while day < 7 {
            if !self.has(day) {
                day += 1;
                continue;
            }
            let last = (day..7).take_while(|day| self.has(*day)).last().unwrap_or(day);
            let name = |day: u8| DAY_NAMES[usize::from(day)];
            let comma = if follows { "," } else { "" };
            match last - day {
                0 => write!(f, "{comma}{}", name(day))?,
                1 => write!(f, "{comma}{},{}", name(day), name(last))?,
                _ => write!(f, "{comma}{}-{}", name(day), name(last))?,
            }
            follows = true;
            day = last + 1;
        }
        Ok(())
    }
}

impl FromStr for Days {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let bad = || SpeedError::NotDays(text.chars().take(40).collect());
        if text == "daily" {
            return Ok(Self::DAILY);
        }
        let named = |name: &str| DAY_NAMES.iter().position(|known| *known == name).ok_or_else(bad);
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (named(first)?, named(last)?);
            // `fri-mon` goes over the end of the week.
            let count = (last + 7 - first) % 7;
            days = (first..=first + count).fold(days, |days, day| days | 1 << (day % 7));
        }
        Ok(Self(days))
    }
}

/// A time of the day in minutes, from 00:00 to 24:00.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Minute(u16);

impl Minute {
    /// Minutes since midnight.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for Minute {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let bad = || SpeedError::NotAMinute(text.chars().take(24).collect());
        let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
        let number = |part: &str| match part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit()) {
            true => part.parse::<u16>().map_err(|_| bad()),
            false => Err(bad()),
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let minute = hours * 60 + minutes;
        if minutes < 60 && minute <= DAY_MINUTES { Ok(Self(minute)) } else { Err(bad()) }
    }
}

/// A time of the week with a speed of its own, in the tenant's zone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SpeedWindow {
    /// The days on which it begins.
    pub days: Days,
    /// When it begins.
    pub from: Minute,
    /// When it ends: the next day when that is not later than it begins.
    pub to: Minute,
    /// The speed; `None` is unlimited.
    pub rate: Option<RateLimit>,
}

impl SpeedWindow {
    /// Whether it holds while the clock on the wall shows this.
    pub const fn holds(&self, clock: WallClock) -> bool {
        let WallClock { weekday, minute } = clock;
        let today = self.days.has(weekday);
        if self.from.0 < self.to.0 {
            return today && self.from.0 <= minute && minute < self.to.0;
        }
        let yesterday = self.days.has((weekday + 6) % 7);
        (today && self.from.0 <= minute) || (yesterday && minute < self.to.0)
    }

    /// Whether it never holds, or for a whole day by a misunderstanding: it ends when it begins.
    pub const fn is_empty(&self) -> bool {
        self.from.0 == self.to.0 || self.from.0 == DAY_MINUTES
    }

    /// Whether there is a minute of the week in which both hold.
    pub fn overlaps(&self, other: &Self) -> bool {
        // A window begins at one of its own borders, so where two meet, one of them begins or the other holds.
        let begins = |one: &Self, other: &Self| {
            let days = (0..7).filter(|weekday| one.days.has(*weekday));
            days.map(|weekday| WallClock { weekday, minute: one.from.0 }).any(|clock| other.holds(clock))
        };
        begins(self, other) || begins(other, self)
    }
}

/// `mon-fri 22:00-06:00 10M/20M`: the days, from when to when, and the speed or `unlimited`.
impl fmt::Display for SpeedWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-{} ", self.days, self.from, self.to)?;
        match &self.rate {
            Some(rate) => rate.fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}

impl FromStr for SpeedWindow {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let bad = || SpeedError::NotAWindow(text.chars().take(100).collect());
        let (days, rest) = text.trim().split_once(' ').ok_or_else(bad)?;
        let (times, rate) = rest.trim_start().split_once(' ').ok_or_else(bad)?;
        let (from, to) = times.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            days: days.parse()?,
            from: from.parse()?,
            to: to.parse()?,
            rate: match rate.trim() {
                "unlimited" => None,
                rate => Some(rate.parse().map_err(|_| bad())?),
            },
        })
    }
}

/// From so much data in a period on, another speed, until the period ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FairUseStep {
    /// Data in both directions together.
    pub after: Bytes,
    /// Over which period it counts.
    pub per: Period,
    /// The speed from then on.
    pub rate: RateLimit,
}

/// `10GB/day 1M/2M`.
impl fmt::Display for FairUseStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.after.exactly(), self.per, self.rate)
    }
}

impl FromStr for FairUseStep {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let bad = || SpeedError::NotAStep(text.chars().take(100).collect());
        let (amount, rate) = text.trim().split_once(' ').ok_or_else(bad)?;
        let (after, per) = amount.split_once('/').ok_or_else(bad)?;
        Ok(Self {
            after: after.parse().map_err(|_| bad())?,
            per: per.parse().map_err(|_| bad())?,
            rate: rate.parse().map_err(|_| bad())?,
        })
    }
}

/// Why a text is no speed of a time or of an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpeedError {
    /// Not days of the week.
    #[error("`{0}` are not days: write daily, mon-fri, or sat,sun")]
    NotDays(String),
    /// Not a time of the day.
    #[error("`{0}` is not a time of the day: write it as 06:00, up to 24:00")]
    NotAMinute(String),
    /// Not a window.
    #[error("`{0}` is not a speed window: write it as mon-fri 22:00-06:00 10M/20M, or with unlimited")]
    NotAWindow(String),
    /// Not a step.
    #[error("`{0}` is not a fair-use step: write it as 10GB/day 1M/2M, with day, week or month")]
    NotAStep(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> SpeedWindow {
        text.parse().expect("a good window")
    }

    fn clock(weekday: u8, time: &str) -> WallClock {
        WallClock { weekday, minute: time.parse::<Minute>().expect("good").get() }
    }

    #[test]
    fn windows_and_steps_read_back_as_they_print() {
        for text in [
            "daily 00:00-24:00 unlimited",
            "mon-fri 22:00-06:00 10M/20M",
            "sat,sun 08:00-09:30 2M/5M burst=4M/10M over=1500k/4M for=16/16",
            "mon,wed-fri,sun 01:00-02:00 64001/5M",
        ] {
            assert_eq!(window(text).to_string(), text);
        }
        assert_eq!(window("fri-mon 01:00-02:00 1M").to_string(), "mon,fri-sun 01:00-02:00 1M/1M");
        for text in ["10GB/day 1M/2M", "1500MB/week 512k/512k", "1TB/month 2M/4M priority=8"] {
            assert_eq!(text.parse::<FairUseStep>().expect("good").to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_neither_a_window_nor_a_step() {
        for text in ["", "daily", "daily 22:00", "daily 22:00-06:00", "daily 25:00-26:00 1M", "funday 01:00-02:00 1M"] {
            assert!(text.parse::<SpeedWindow>().is_err(), "{text}");
        }
        for text in ["", "10GB", "10GB/day", "10GB/year 1M", "much/day 1M", "10GB/day fast"] {
            assert!(text.parse::<FairUseStep>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_night_passes_midnight_and_belongs_to_the_day_on_which_it_begins() {
        let night = window("fri 22:00-06:00 unlimited");

        assert!(!night.holds(clock(4, "21:59")) && night.holds(clock(4, "22:00")));
        assert!(night.holds(clock(5, "00:00")) && night.holds(clock(5, "05:59")) && !night.holds(clock(5, "06:00")));
        assert!(!night.holds(clock(4, "05:00")), "the night before began on Thursday");
        let over_the_week = window("sun 22:00-06:00 unlimited");
        assert!(over_the_week.holds(clock(0, "03:00")));
    }

    #[test]
    fn a_whole_day_is_until_midnight_and_no_longer() {
        let monday = window("mon 00:00-24:00 unlimited");

        assert!(monday.holds(clock(0, "00:00")) && monday.holds(clock(0, "23:59")) && !monday.holds(clock(1, "00:00")));
    }

    #[test]
    fn windows_overlap_when_one_minute_is_in_both() {
        let night = window("daily 22:00-06:00 1M");

        assert!(night.overlaps(&window("mon 05:59-12:00 1M")));
        assert!(night.overlaps(&window("sun 23:00-23:30 1M")));
        assert!(!night.overlaps(&window("daily 06:00-22:00 1M")));
        assert!(window("fri 22:00-06:00 1M").overlaps(&window("sat 00:00-01:00 1M")));
        assert!(!window("fri 22:00-06:00 1M").overlaps(&window("fri 00:00-01:00 1M")));
        assert!(window("mon 00:00-24:00 1M").overlaps(&window("mon 00:00-24:00 1M")));
    }
}
