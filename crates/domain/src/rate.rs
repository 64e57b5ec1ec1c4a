//! Speeds and amounts of data, per direction, always with their unit.
//!
//! *Up* is from the subscriber to the network, *down* is to the subscriber.

mod words;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Bits per second. 1 kbit is 1,000, never 1,024.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bps(u64);

impl Bps {
    /// The highest speed that can be set: 100 Gbit/s.
    pub const MAX: Self = Self(100_000_000_000);

    /// That many bits per second.
    pub const fn new(bits_per_second: u64) -> Self {
        Self(bits_per_second)
    }

    /// Bits per second.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// RouterOS's spelling: `M` or `k` when exact, else plain bits: `10M`, `1500k`, `64001`.
impl fmt::Display for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bits if bits > 0 && bits % 1_000_000 == 0 => write!(f, "{}M", bits / 1_000_000),
            bits if bits > 0 && bits % 1_000 == 0 => write!(f, "{}k", bits / 1_000),
            bits => write!(f, "{bits}"),
        }
    }
}

impl FromStr for Bps {
    type Err = RateError;
    /// Reads whole bits per second with `k`, `M` or `G` (decimal): `1500k`, `2M`, `1G`.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let bad = || RateError::NotASpeed(text.chars().take(24).collect());
        let (digits, factor) = match text.as_bytes().last() {
            Some(b'k' | b'K') => (&text[..text.len() - 1], 1_000),
            Some(b'M' | b'm') => (&text[..text.len() - 1], 1_000_000),
            Some(b'G' | b'g') => (&text[..text.len() - 1], 1_000_000_000),
            _ => (text, 1),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let number: u64 = digits.parse().map_err(|_| bad())?;
        let bits = number.checked_mul(factor).map(Self).ok_or_else(bad)?;
        if bits <= Self::MAX { Ok(bits) } else { Err(bad()) }
    }
}

/// An amount of data in octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Bytes(u64);

impl Bytes {
    /// That many octets.
    pub const fn new(octets: u64) -> Self {
        Self(octets)
    }

    /// Octets.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// What is left after `used`; nothing when more was used.
    #[must_use]
    pub const fn minus(self, used: Self) -> Self {
        Self(self.0.saturating_sub(used.0))
    }

    /// Both together; saturates.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Decimal units to one place: `1.5 GB`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0..1_000 => return write!(f, "{} B", self.0),
            1_000..1_000_000 => (1_000, "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            _ => (1_000_000_000, "GB"),
        };
        write!(f, "{}.{} {name}", self.0 / unit, self.0 % unit * 10 / unit)
    }
}

impl FromStr for Bytes {
    type Err = RateError;
    /// Reads whole octets with `kB`, `MB`, `GB`, `TB` (decimal): `5GB`, `500MB`.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let bad = || RateError::NotAnAmount(text.chars().take(24).collect());
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| bad())?;
        let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "t" | "tb" => 1_000_000_000_000,
            _ => return Err(bad()),
        };
        let octets = number.checked_mul(factor).filter(|octets| *octets <= i64::MAX.unsigned_abs()).ok_or_else(bad)?;
        Ok(Self(octets))
    }
}

/// Something that has a value per direction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UpDown<T> {
    /// From the subscriber to the network.
    pub up: T,
    /// To the subscriber.
    pub down: T,
}

impl<T> UpDown<T> {
    /// A value for each direction.
    pub const fn new(up: T, down: T) -> Self {
        Self { up, down }
    }
}

impl<T: Copy + FromStr<Err = RateError>> FromStr for UpDown<T> {
    type Err = RateError;
    /// Reads `up/down`, or one value for both directions.
    fn from_str(text: &str) -> Result<Self, RateError> {
        match text.split_once('/') {
            Some((up, down)) => Ok(Self { up: up.parse()?, down: down.parse()? }),
            None => text.parse().map(|both: T| Self { up: both, down: both }),
        }
    }
}

impl<T: fmt::Display> fmt::Display for UpDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.up, self.down)
    }
}

/// Seconds of a burst's averaging window, 1 to 3,600.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BurstSeconds(u16);

impl BurstSeconds {
    /// That many seconds; 1 to 3,600.
    pub const fn new(seconds: u16) -> Option<Self> {
        if seconds >= 1 && seconds <= 3_600 { Some(Self(seconds)) } else { None }
    }

    /// Seconds.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for BurstSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BurstSeconds {
    type Err = RateError;
    fn from_str(text: &str) -> Result<Self, RateError> {
        let digits = text.strip_suffix('s').unwrap_or(text);
        let seconds =
            if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok().and_then(Self::new) } else { None };
        seconds.ok_or_else(|| RateError::NotBurstSeconds(text.chars().take(24).collect()))
    }
}

/// A short time of more speed after a quiet one.
///
/// The router averages over `seconds`; while the average is under `threshold` the subscriber may go at `rate`.
/// The longest burst from idle is threshold × seconds ÷ rate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Burst {
    /// Speed while bursting.
    pub rate: UpDown<Bps>,
    /// Average above which bursting ends.
    pub threshold: UpDown<Bps>,
    /// Length of the average.
    pub seconds: UpDown<BurstSeconds>,
}

/// A queue's place among others: 1 is served first, 8 last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Priority(u8);

impl Priority {
    /// What a router uses when nothing is said.
    pub const LOWEST: Self = Self(8);

    /// A priority of 1 to 8.
    pub const fn new(priority: u8) -> Option<Self> {
        if priority >= 1 && priority <= 8 { Some(Self(priority)) } else { None }
    }

    /// 1 to 8.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How fast a subscriber may go. No `RateLimit` at all means unlimited.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RateLimit {
    /// The speed that holds.
    pub rate: UpDown<Bps>,
    /// More speed for a short time.
    pub burst: Option<Burst>,
    /// Place among other queues.
    pub priority: Option<Priority>,
    /// Speed that is kept free for this subscriber.
    pub minimum: Option<UpDown<Bps>>,
}

impl RateLimit {
    /// Only a speed, with no burst.
    pub const fn flat(up: Bps, down: Bps) -> Self {
        Self { rate: UpDown::new(up, down), burst: None, priority: None, minimum: None }
    }

    /// Everything that is wrong with these figures together; empty when a router will do what they say.
    ///
    /// Needs speeds above zero, burst ≥ rate, threshold from the minimum (or 1) to the burst rate, minimum ≤ rate.
    pub fn faults(&self) -> Vec<RateFault> {
        let mut faults = Vec::new();
        for (direction, rate, burst, minimum) in [
            ("up", self.rate.up, self.burst.map(|b| (b.rate.up, b.threshold.up)), self.minimum.map(|m| m.up)),
            ("down", self.rate.down, self.burst.map(|b| (b.rate.down, b.threshold.down)), self.minimum.map(|m| m.down)),
        ] {
            if rate.get() == 0 {
                faults.push(RateFault::NoSpeed { direction });
            }
            if let Some((burst, threshold)) = burst {
                if burst < rate {
                    faults.push(RateFault::BurstBelowRate { direction, burst, rate });
                }
                if threshold.get() == 0 || threshold > burst {
                    faults.push(RateFault::ThresholdOutside { direction, threshold, burst });
                }
            }
            if let Some(minimum) = minimum
                && minimum > rate
            {
                faults.push(RateFault::MinimumAboveRate { direction, minimum, rate });
            }
        }
        faults
    }
}

/// A figure that contradicts another. `direction` is `up` or `down`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RateFault {
    /// A speed of zero would mean "unlimited" to the router.
    #[error("the speed {direction} is 0: leave the rate out for an unlimited plan")]
    NoSpeed {
        /// `up` or `down`.
        direction: &'static str,
    },
    /// A burst that is slower than the speed.
    #[error("the burst {direction} ({burst}) is below the rate ({rate}): a burst must be at least the rate")]
    BurstBelowRate {
        /// `up` or `down`.
        direction: &'static str,
        /// Burst speed asked for.
        burst: Bps,
        /// Speed that holds.
        rate: Bps,
    },
    /// A threshold at which the burst never starts or never ends.
    #[error("the burst threshold {direction} ({threshold}) must be above 0 and at most the burst ({burst})")]
    ThresholdOutside {
        /// `up` or `down`.
        direction: &'static str,
        /// Threshold asked for.
        threshold: Bps,
        /// Burst speed.
        burst: Bps,
    },
    /// More kept free than may be used.
    #[error("the minimum {direction} ({minimum}) is above the rate ({rate})")]
    MinimumAboveRate {
        /// `up` or `down`.
        direction: &'static str,
        /// Minimum asked for.
        minimum: Bps,
        /// Speed that holds.
        rate: Bps,
    },
}

/// Why a text is not a speed or an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RateError {
    /// Not a speed.
    #[error("`{0}` is not a speed: write it as 512k, 10M or 1G (bits per second, at most 100G)")]
    NotASpeed(String),
    /// Not an amount of data.
    #[error("`{0}` is not an amount of data: write it as 500MB or 5GB")]
    NotAnAmount(String),
    /// Not a limit.
    #[error("`{0}` is not a speed with its burst: write it as 2M/5M, or 2M/5M burst=4M/10M over=1500k/4M for=16")]
    NotALimit(String),
    /// Not a burst time.
    #[error("`{0}` is not a burst time: write seconds from 1 to 3600, as 16")]
    NotBurstSeconds(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bps(text: &str) -> Bps {
        text.parse().expect("a good speed")
    }

    #[test]
    fn speeds_are_decimal_and_print_as_routeros_reads_them() {
        for (text, bits, printed) in [
            ("10M", 10_000_000, "10M"),
            ("1500k", 1_500_000, "1500k"),
            ("64001", 64_001, "64001"),
            ("1G", 1_000_000_000, "1000M"),
        ] {
            assert_eq!((bps(text).get(), bps(text).to_string().as_str()), (bits, printed));
        }
    }

    #[test]
    fn nonsense_is_not_a_speed() {
        for text in ["", "M", "-1M", "1.5M", "101G", "99999999999999999999", "1 M", "+1"] {
            assert!(text.parse::<Bps>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_burst_below_the_rate_is_a_fault_for_that_direction_alone() {
        let seconds = BurstSeconds::new(16).expect("good");
        let limit = RateLimit {
            burst: Some(Burst {
                rate: UpDown::new(bps("1M"), bps("10M")),
                threshold: UpDown::new(bps("1M"), bps("4M")),
                seconds: UpDown::new(seconds, seconds),
            }),
            ..RateLimit::flat(bps("2M"), bps("5M"))
        };

        assert_eq!(limit.faults(), [RateFault::BurstBelowRate { direction: "up", burst: bps("1M"), rate: bps("2M") }]);
    }

    #[test]
    fn amounts_of_data_read_in_decimal_units() {
        assert_eq!("5GB".parse::<Bytes>().expect("good").get(), 5_000_000_000);
        assert_eq!(Bytes::new(1_550_000_000).to_string(), "1.5 GB");
    }
}
