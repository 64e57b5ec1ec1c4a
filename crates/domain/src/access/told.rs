//! What a router was told of a session: enough to make the same grant again, and see what is different by now.

use std::net::Ipv4Addr;

use crate::id::PlanId;
use crate::time::Timestamp;

/// Which of a plan's speeds applies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Speed {
    /// The plan's own.
    #[default]
    Full,
    /// That of one of its speed windows, by its place.
    Window(u8),
    /// That of one of its fair-use steps, by its place.
    Step(u8),
    /// None of them: somebody is let in only to be told how to pay.
    Restricted,
}

/// Windows have the numbers from here on, steps those from [`STEPS`] on: of each there are at most 16.
const WINDOWS: u8 = 16;
const STEPS: u8 = 32;

impl Speed {
    /// Its number in records.
    pub const fn number(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Window(place) => WINDOWS + place % 16,
            Self::Step(place) => STEPS + place % 16,
            Self::Restricted => 64,
        }
    }

    /// The speed with that number; `None` for one that is not known.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Full),
            WINDOWS..STEPS => Some(Self::Window(number - WINDOWS)),
            STEPS..48 => Some(Self::Step(number - STEPS)),
            64 => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// What a router was told last of a session. A plan's revision is never changed, so its terms can be read again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Told {
    /// The plan.
    pub plan: PlanId,
    /// Its revision.
    pub revision: u32,
    /// Which of its speeds.
    pub speed: Speed,
    /// The end of what was bought; `None` has no end.
    pub until: Option<Timestamp>,
    /// A fixed address.
    pub framed_ip: Option<Ipv4Addr>,
    /// When the period began over which its limit of data counts; `None` counts over its whole life, or has no limit.
    pub data_since: Option<Timestamp>,
}

impl Told {
    /// A plan's own terms, without an end and without a fixed address.
    pub const fn plainly(plan: PlanId, revision: u32) -> Self {
        Self { plan, revision, speed: Speed::Full, until: None, framed_ip: None, data_since: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_its_speed() {
        let all = std::iter::once(Speed::Full).chain((0..16).map(Speed::Window)).chain((0..16).map(Speed::Step));
        for speed in all {
            assert_eq!(Speed::from_number(speed.number()), Some(speed));
        }
        assert_eq!(Speed::from_number(1), None);
    }
}
