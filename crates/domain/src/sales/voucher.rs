//! A voucher: a code that buys access, and its life.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::refusal::Refusal;
use crate::sales::plan::ValidityAnchor;
use crate::time::{Duration, Timestamp, Zone};

/// A voucher's code: 4 to 32 letters and digits, compared octet by octet. `Debug` hides it: it is a bearer credential.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VoucherCode(String);

impl VoucherCode {
    /// Most characters of a code.
    pub const LENGTH_MAX: usize = 32;

    /// Reads a code; other lengths and characters are an error.
    pub fn parse(text: &[u8]) -> Result<Self, NotACode> {
        let good = (4..=Self::LENGTH_MAX).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric);
        match std::str::from_utf8(text) {
            Ok(text) if good => Ok(Self(text.to_owned())),
            _ => Err(NotACode),
        }
    }

    /// The code itself. Each use is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for VoucherCode {
    type Err = NotACode;
    fn from_str(text: &str) -> Result<Self, NotACode> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Debug for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The text cannot be a voucher's code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a voucher code: use 4 to 32 letters and digits")]
pub struct NotACode;

/// Printed → Sold → Active. Each may also be revoked; the end of the time is a date, not a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VoucherState {
    /// Made, and not sold as far as we know.
    Printed {
        /// The last moment at which it may be sold or first used.
        sell_by: Option<Timestamp>,
    },
    /// Paid for, not used yet.
    Sold {
        /// When.
        at: Timestamp,
        /// The end; `None` while it waits for its first use.
        until: Option<Timestamp>,
        /// The last moment at which a voucher that waits for its first use may be used.
        sell_by: Option<Timestamp>,
    },
    /// Used at least once.
    Active {
        /// The first use; set once.
        since: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

/// What the first use of a voucher makes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstUse {
    /// When it was first used.
    pub since: Timestamp,
    /// The end: fixed by the sale, or now by the first use, according to the plan's anchor.
    pub until: Timestamp,
}

impl VoucherState {
    /// What a login at `now` finds: the end of the time, and whether this is the first use.
    ///
    /// Refuses a voucher that is not sold where selling starts its time, past its end or sell-by date, or revoked.
    /// First use never moves an end that the sale has fixed.
    pub fn usable(
        self,
        anchor: ValidityAnchor,
        duration: Duration,
        zone: &Zone,
        now: Timestamp,
    ) -> Result<(Timestamp, Option<FirstUse>), Refusal> {
        let starts_now = |sell_by: Option<Timestamp>| {
            if sell_by.is_some_and(|last| now >= last) {
                return Err(Refusal::PastSellBy);
            }
            let until = duration.end_from(now, zone);
            Ok((until, Some(FirstUse { since: now, until })))
        };
        match self {
            Self::Revoked { .. } => Err(Refusal::Revoked),
            Self::Active { until, .. } | Self::Sold { until: Some(until), .. } if now >= until => Err(Refusal::Expired),
            Self::Active { until, .. } => Ok((until, None)),
            Self::Sold { until: Some(until), .. } => Ok((until, Some(FirstUse { since: now, until }))),
            Self::Sold { until: None, sell_by, .. } => starts_now(sell_by),
            Self::Printed { sell_by } => match anchor {
                ValidityAnchor::FirstUse => starts_now(sell_by),
                ValidityAnchor::Purchase | ValidityAnchor::Sale => Err(Refusal::NotSold),
            },
        }
    }

    /// A printed or waiting voucher, sold at `now`. `None` when it cannot be sold: revoked, sold or used before.
    pub fn sold(self, anchor: ValidityAnchor, duration: Duration, zone: &Zone, now: Timestamp) -> Option<Self> {
        match self {
            Self::Printed { sell_by } if sell_by.is_none_or(|last| now < last) => {
                let until = match anchor {
                    ValidityAnchor::Purchase | ValidityAnchor::Sale => Some(duration.end_from(now, zone)),
                    ValidityAnchor::FirstUse => None,
                };
                Some(Self::Sold { at: now, until, sell_by })
            }
            Self::Printed { .. } | Self::Sold { .. } | Self::Active { .. } | Self::Revoked { .. } => None,
        }
    }

    /// Its name on lists at `now`: `printed`, `unused`, `active`, `expired` or `revoked`.
    pub fn name(self, now: Timestamp) -> &'static str {
        match self {
            Self::Revoked { .. } => "revoked",
            Self::Active { until, .. } | Self::Sold { until: Some(until), .. } if now >= until => "expired",
            Self::Printed { sell_by: Some(last) } | Self::Sold { until: None, sell_by: Some(last), .. }
                if now >= last =>
            {
                "expired"
            }
            Self::Printed { .. } => "printed",
            Self::Sold { .. } => "unused",
            Self::Active { .. } => "active",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::Minutes(24 * 60);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a good instant")
    }

    #[test]
    fn a_voucher_bought_at_six_and_used_at_sixteen_ends_at_six_the_next_day() {
        let sold = VoucherState::Printed { sell_by: None }
            .sold(ValidityAnchor::Purchase, DAY, &Zone::utc(), at("2026-11-21T06:00:00Z"))
            .expect("it can be sold");

        let (until, first) =
            sold.usable(ValidityAnchor::Purchase, DAY, &Zone::utc(), at("2026-11-21T16:00:00Z")).expect("it is usable");

        assert_eq!(until, at("2026-11-22T06:00:00Z"));
        assert_eq!(first, Some(FirstUse { since: at("2026-11-21T16:00:00Z"), until }));
        assert_eq!(
            sold.usable(ValidityAnchor::Purchase, DAY, &Zone::utc(), at("2026-11-22T06:00:00Z")),
            Err(Refusal::Expired)
        );
    }

    #[test]
    fn a_printed_card_with_the_first_use_anchor_starts_when_it_is_used() {
        let now = at("2026-11-21T16:00:00Z");

        let (until, first) = VoucherState::Printed { sell_by: None }
            .usable(ValidityAnchor::FirstUse, DAY, &Zone::utc(), now)
            .expect("it is usable");

        assert_eq!((until, first.map(|f| f.since)), (at("2026-11-22T16:00:00Z"), Some(now)));
    }

    #[test]
    fn a_printed_card_that_waits_for_its_sale_is_refused() {
        let state = VoucherState::Printed { sell_by: None };

        assert_eq!(
            state.usable(ValidityAnchor::Sale, DAY, &Zone::utc(), at("2026-11-21T16:00:00Z")),
            Err(Refusal::NotSold)
        );
    }

    #[test]
    fn a_card_cannot_be_used_for_the_first_time_after_its_sell_by_date() {
        let state = VoucherState::Printed { sell_by: Some(at("2026-11-20T00:00:00Z")) };

        assert_eq!(
            state.usable(ValidityAnchor::FirstUse, DAY, &Zone::utc(), at("2026-11-21T16:00:00Z")),
            Err(Refusal::PastSellBy)
        );
    }

    #[test]
    fn a_revoked_voucher_is_refused_even_before_its_end() {
        let state = VoucherState::Revoked { at: at("2026-11-21T00:00:00Z") };

        assert_eq!(
            state.usable(ValidityAnchor::Purchase, DAY, &Zone::utc(), at("2026-11-21T01:00:00Z")),
            Err(Refusal::Revoked)
        );
    }

    #[test]
    fn a_voucher_cannot_be_sold_twice() {
        let sold = VoucherState::Sold { at: at("2026-11-21T00:00:00Z"), until: None, sell_by: None };

        assert_eq!(sold.sold(ValidityAnchor::FirstUse, DAY, &Zone::utc(), at("2026-11-21T01:00:00Z")), None);
    }

    #[test]
    fn a_code_is_letters_and_digits_and_never_prints_itself() {
        assert!(VoucherCode::parse(b"DemoHour1").is_ok());
        for bad in [&b"abc"[..], b"has space", b"caf\xc3\xa9x", b"semi;colon", &[b'a'; 33]] {
            assert_eq!(VoucherCode::parse(bad), Err(NotACode));
        }
        assert_eq!(format!("{:?}", VoucherCode::parse(b"DemoHour1").expect("good")), "***");
    }
}
