//! `Mikrotik-Rate-Limit`: a speed in one line of text.
//!
//! Groups by position, each needing all before it, *up* before *down*:
//! ```text
//! rate [burst [threshold [time [priority [minimum]]]]]
//! ```
//! Speeds are bits per second with `k` for 1,000 and `M` for 1,000,000; times are seconds.

use std::fmt::{self, Write};

use domain::rate::{Bps, Burst, BurstSeconds, Priority, RateLimit, UpDown};
use thiserror::Error;

/// Most octets of a MikroTik text: an attribute's 255, less two headers and the vendor's number.
pub const LENGTH_MAX: usize = 247;

/// Most groups of a limit.
const GROUPS_MAX: usize = 6;

/// A limit as the router reads it, without allocation.
///
/// Writes both sides of every pair, and `0/0 0/0 0/0` for a burst that is not there but stands before something that
/// is. A minimum needs a priority before it; where none is set, the router's own is written.
#[derive(Clone, Copy)]
pub struct RateLimitText {
    octets: [u8; LENGTH_MAX],
    length: usize,
}

impl RateLimitText {
    /// Writes a limit. The longest has 179 octets, so there is always room.
    pub fn of(limit: &RateLimit) -> Self {
        let mut text = Self { octets: [0; LENGTH_MAX], length: 0 };
        write_limit(limit, &mut text).expect("invariant: eight numbers of 20 digits and five small ones have room");
        text
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let written = self.octets.get(..self.length).unwrap_or_default();
        std::str::from_utf8(written).expect("invariant: whole texts were written")
    }
}

impl fmt::Write for RateLimitText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length.checked_add(part.len()).ok_or(fmt::Error)?;
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl fmt::Display for RateLimitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RateLimitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

fn write_limit(limit: &RateLimit, text: &mut RateLimitText) -> fmt::Result {
    write!(text, "{}", limit.rate)?;
    let priority = limit.priority.or(limit.minimum.map(|_| Priority::LOWEST));
    match limit.burst {
        Some(burst) => write!(text, " {} {} {}", burst.rate, burst.threshold, burst.seconds)?,
        None if priority.is_some() => text.write_str(" 0/0 0/0 0/0")?,
        None => {}
    }
    if let Some(priority) = priority {
        write!(text, " {}", priority.get())?;
    }
    if let Some(minimum) = limit.minimum {
        write!(text, " {minimum}")?;
    }
    Ok(())
}

/// Reads a limit, with what the router takes for the parts that are missing.
///
/// One value of a pair is both. A burst without a threshold has the rate as its threshold, one without a time
/// averages over a second, and a burst of 0 is none: in one direction that is the rate itself. Says nothing about
/// figures that contradict each other, nor about a rate of 0, which is unlimited: ask [`RateLimit::faults`].
pub fn parse_rate_limit(text: &[u8]) -> Result<RateLimit, RateLimitFault> {
    if text.len() > LENGTH_MAX {
        return Err(RateLimitFault::TooLong);
    }
    let text = std::str::from_utf8(text).map_err(|_| RateLimitFault::NotText)?;
    let mut groups = text.split_ascii_whitespace();
    if groups.clone().count() > GROUPS_MAX {
        return Err(RateLimitFault::TooManyGroups);
    }
    let rate: UpDown<Bps> = speed(groups.next().ok_or(RateLimitFault::Empty)?, "rate")?;
    let burst = groups.next().map(|group| speed(group, "burst")).transpose()?;
    let threshold = groups.next().map(|group| speed(group, "threshold")).transpose()?;
    let seconds = groups.next();
    let burst = match burst.filter(|burst| burst.up.get() > 0 || burst.down.get() > 0) {
        Some(burst) => Some(complete(rate, burst, threshold.unwrap_or(rate), seconds)?),
        None => {
            seconds.map_or(Ok(()), unused_seconds)?;
            None
        }
    };
    let priority = groups.next().map(priority).transpose()?;
    let minimum = groups.next().map(|group| speed(group, "minimum")).transpose()?;
    Ok(RateLimit { rate, burst, priority, minimum })
}

fn complete(
    rate: UpDown<Bps>,
    burst: UpDown<Bps>,
    threshold: UpDown<Bps>,
    seconds: Option<&str>,
) -> Result<Burst, RateLimitFault> {
    let one = |rate, burst: Bps, threshold| if burst.get() == 0 { (rate, rate) } else { (burst, threshold) };
    let (up, threshold_up) = one(rate.up, burst.up, threshold.up);
    let (down, threshold_down) = one(rate.down, burst.down, threshold.down);
    let second = || BurstSeconds::new(1).map(|one| UpDown::new(one, one)).ok_or(RateLimitFault::NotBurstSeconds);
    Ok(Burst {
        rate: UpDown::new(up, down),
        threshold: UpDown::new(threshold_up, threshold_down),
        seconds: seconds.map_or_else(second, |group| group.parse().map_err(|_| RateLimitFault::NotBurstSeconds))?,
    })
}

/// A place that is held by `0/0`, or by a time that has no burst to belong to.
fn unused_seconds(group: &str) -> Result<(), RateLimitFault> {
    let is_time = |text: &str| text == "0" || text.parse::<BurstSeconds>().is_ok();
    let (up, down) = group.split_once('/').unwrap_or((group, group));
    if is_time(up) && is_time(down) { Ok(()) } else { Err(RateLimitFault::NotBurstSeconds) }
}

fn speed(group: &str, name: &'static str) -> Result<UpDown<Bps>, RateLimitFault> {
    group.parse().map_err(|_| RateLimitFault::NotASpeed { group: name })
}

fn priority(group: &str) -> Result<Priority, RateLimitFault> {
    match group.as_bytes() {
        [digit @ b'0'..=b'9'] => Priority::new(digit - b'0'),
        _ => None,
    }
    .ok_or(RateLimitFault::NotAPriority)
}

/// Why a text is not a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RateLimitFault {
    /// Longer than an attribute can be.
    #[error("the rate limit has more than {LENGTH_MAX} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the rate limit is not text")]
    NotText,
    /// Nothing there.
    #[error("the rate limit is empty: write upload/download, as 2M/10M")]
    Empty,
    /// More than there is a meaning for.
    #[error("the rate limit has more than {GROUPS_MAX} groups: rate, burst, threshold, time, priority, minimum")]
    TooManyGroups,
    /// Not a pair of speeds.
    #[error("the {group} is not a speed: write upload/download with k or M, as 2M/10M")]
    NotASpeed {
        /// `rate`, `burst`, `threshold` or `minimum`.
        group: &'static str,
    },
    /// Not a burst's time.
    #[error("the burst time is not a pair of seconds from 1 to 3600: write it as 16/16")]
    NotBurstSeconds,
    /// Not a priority.
    #[error("the priority is not a figure from 1 to 8")]
    NotAPriority,
}

#[cfg(test)]
mod tests;
