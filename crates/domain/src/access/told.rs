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
    /// None of them: somebody is let in only to be told how to pay.
    Restricted,
}

impl Speed {
    /// Its number in records.
    pub const fn number(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Restricted => 64,
        }
    }

    /// The speed with that number; `None` for one that is not known.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Full),
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
}

impl Told {
    /// A plan's own terms, without an end and without a fixed address.
    pub const fn plainly(plan: PlanId, revision: u32) -> Self {
        Self { plan, revision, speed: Speed::Full, until: None, framed_ip: None }
    }
}
