//! Limits and amounts as people write them, exactly: what is printed reads back as the same.

use std::fmt;
use std::str::FromStr;

use super::{Bps, Burst, BurstSeconds, Bytes, Priority, RateError, RateLimit, UpDown};

/// `2M/5M burst=4M/10M over=1500k/4M for=16/16 priority=5 minimum=512k/1M`; what is not there is left out.
impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rate)?;
        if let Some(Burst { rate, threshold, seconds }) = self.burst {
            write!(f, " burst={rate} over={threshold} for={seconds}")?;
        }
        if let Some(priority) = self.priority {
            write!(f, " priority={}", priority.get())?;
        }
        match self.minimum {
            Some(minimum) => write!(f, " minimum={minimum}"),
            None => Ok(()),
        }
    }
}

impl FromStr for RateLimit {
    type Err = RateError;
    /// Reads a speed and, behind it in any order, what is named: `2M/5M burst=4M/10M over=1500k/4M for=16`.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let bad = || RateError::NotALimit(text.chars().take(100).collect());
        let mut words = text.split_whitespace();
        let rate: UpDown<Bps> = words.next().ok_or_else(bad)?.parse()?;
        let (mut burst, mut over, mut seconds, mut priority, mut minimum) = (None, None, None, None, None);
        for word in words {
            let (name, value) = word.split_once('=').ok_or_else(bad)?;
            let is_first = match name {
                "burst" => burst.replace(value.parse::<UpDown<Bps>>()?).is_none(),
                "over" => over.replace(value.parse::<UpDown<Bps>>()?).is_none(),
                "for" => seconds.replace(value.parse::<UpDown<BurstSeconds>>()?).is_none(),
                "priority" => {
                    let number = value.parse().ok().and_then(Priority::new).ok_or_else(bad)?;
                    priority.replace(number).is_none()
                }
                "minimum" => minimum.replace(value.parse::<UpDown<Bps>>()?).is_none(),
                _ => false,
            };
            if !is_first {
                return Err(bad());
            }
        }
        let burst = match (burst, over, seconds) {
            (None, None, None) => None,
            (Some(rate), Some(threshold), Some(seconds)) => Some(Burst { rate, threshold, seconds }),
            (_, _, _) => return Err(bad()),
        };
        Ok(Self { rate, burst, priority, minimum })
    }
}

impl Bytes {
    /// The amount to the octet, in the greatest unit that has no fraction: `5GB`, `1500MB`, `1001B`.
    pub const fn exactly(self) -> Exactly {
        Exactly(self)
    }
}

/// An amount that prints to the octet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exactly(Bytes);

impl fmt::Display for Exactly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.get();
        let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        let whole = units.into_iter().find(|(unit, _)| octets > 0 && octets.is_multiple_of(*unit));
        match whole {
            Some((unit, name)) => write!(f, "{}{name}", octets / unit),
            None => write!(f, "{octets}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_back_as_it_prints() {
        for text in [
            "2M/5M",
            "2M/5M burst=4M/10M over=1500k/4M for=16/8",
            "2M/5M priority=5",
            "2M/5M minimum=512k/1M",
            "64001/5M burst=4M/10M over=1500k/4M for=16/16 priority=1 minimum=512k/1M",
        ] {
            assert_eq!(text.parse::<RateLimit>().expect("good").to_string(), text);
        }
        assert_eq!("5M for=16 over=4M burst=10M".parse::<RateLimit>().expect("good").to_string(), {
            "5M/5M burst=10M/10M over=4M/4M for=16/16"
        });
    }

    #[test]
    fn half_a_burst_and_a_word_twice_are_no_limit() {
        for text in [
            "",
            "fast",
            "2M/5M burst=4M/10M",
            "2M/5M burst",
            "2M/5M priority=9",
            "2M/5M priority=1 priority=2",
            "2M/5M speed=4M",
        ] {
            assert!(text.parse::<RateLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_amount_reads_back_to_the_octet() {
        for text in ["5GB", "1500MB", "2TB", "1001B", "7kB", "0B"] {
            assert_eq!(text.parse::<Bytes>().expect("good").exactly().to_string(), text);
        }
    }
}
