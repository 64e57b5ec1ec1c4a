//! How an ISP wants its people dealt with, where that is its own to say.

use std::num::NonZeroU32;

use thiserror::Error;

use crate::rate::{RateFault, RateLimit};
use crate::text::RouterName;

/// What an ISP has settled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HouseRules {
    /// Whether a hotspot's own question about a device is answered by what the device used last, so that nobody types
    /// a code twice.
    pub mac_login: bool,
    /// What becomes of PPPoE users who are suspended, or whose time is over.
    pub unpaid: Unpaid,
}

/// An ISP that has said nothing.
impl Default for HouseRules {
    fn default() -> Self {
        Self { mac_login: true, unpaid: Unpaid::Reject }
    }
}

/// What becomes of PPPoE users who are suspended, or whose time is over.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Unpaid {
    /// They are refused.
    #[default]
    Reject,
    /// They are let in to where they are told why, and how to pay.
    Restrict(Box<Restriction>),
}

impl Unpaid {
    /// The terms on which they are let in; `None` when they are refused.
    pub fn restriction(&self) -> Option<&Restriction> {
        match self {
            Self::Reject => None,
            Self::Restrict(restriction) => Some(restriction),
        }
    }
}

/// The terms of somebody who is let in only to be told how to pay. The router leads a pool or an address list to that
/// page; at least one of them is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restriction {
    /// The router's address pool.
    pub pool: Option<RouterName>,
    /// The router's firewall address list.
    pub address_list: Option<RouterName>,
    /// The speed; `None` is unlimited.
    pub rate: Option<RateLimit>,
    /// Seconds after which the router lets them log in anew, should nothing else have reached it by then.
    pub seconds: NonZeroU32,
}

impl Restriction {
    /// Seconds of a stay, when nothing else is said.
    pub const SECONDS_DEFAULT: u32 = 600;
    /// The fewest and the most seconds of a stay.
    pub const SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;

    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<RestrictionFault> {
        if self.pool.is_none() && self.address_list.is_none() {
            return Some(RestrictionFault::LeadsNowhere);
        }
        if !Self::SECONDS.contains(&self.seconds.get()) {
            return Some(RestrictionFault::Seconds);
        }
        self.rate.as_ref().and_then(|rate| rate.faults().into_iter().next()).map(RestrictionFault::Rate)
    }
}

/// Why terms restrict nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RestrictionFault {
    /// Without a pool or a list the router cannot tell them from others, and they would surf for nothing.
    #[error("name a pool or an address list, so that the router knows whom to lead to the page")]
    LeadsNowhere,
    /// Too short or too long.
    #[error("a restricted stay lasts 1 minute to 24 hours")]
    Seconds,
    /// Speeds that contradict each other.
    #[error(transparent)]
    Rate(RateFault),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_restricted_is_led_somewhere_for_a_while() {
        let terms = Restriction {
            pool: None,
            address_list: Some("unpaid".parse().expect("good")),
            rate: None,
            seconds: NonZeroU32::new(600).expect("good"),
        };

        assert_eq!(terms.fault(), None);
        assert_eq!(Restriction { address_list: None, ..terms.clone() }.fault(), Some(RestrictionFault::LeadsNowhere));
        assert_eq!(Restriction { seconds: NonZeroU32::MIN, ..terms }.fault(), Some(RestrictionFault::Seconds));
    }
}
