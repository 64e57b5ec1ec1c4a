//! A batch: vouchers made together, so that each one's origin is known.

use std::str::FromStr;

use thiserror::Error;

use crate::id::{BatchId, PlanId};
use crate::time::Timestamp;

/// Where the vouchers of a batch came into the world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    /// Printed by staff.
    Printed,
    /// Sold by the captive portal.
    Portal,
    /// Brought over from another system.
    Imported,
}

impl Channel {
    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Portal => "portal",
            Self::Imported => "imported",
        }
    }
}

/// Not a channel's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a channel")]
pub struct UnknownChannel(String);

impl FromStr for Channel {
    type Err = UnknownChannel;
    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        match text {
            "printed" => Ok(Self::Printed),
            "portal" => Ok(Self::Portal),
            "imported" => Ok(Self::Imported),
            _ => Err(UnknownChannel(text.chars().take(24).collect())),
        }
    }
}

/// Vouchers made together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// The plan that all its vouchers buy.
    pub plan: PlanId,
    /// Where it came from.
    pub channel: Channel,
    /// How many were asked for.
    pub size: u32,
    /// A word of staff about it, at most 200 characters.
    pub note: String,
    /// The last moment at which a voucher of it may be sold or first used.
    pub sell_by: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Batch {
    /// The most vouchers made at once.
    pub const SIZE_MAX: u32 = 100_000;
    /// Most characters of the note.
    pub const NOTE_MAX: usize = 200;
}
