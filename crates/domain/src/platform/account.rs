//! What an ISP has with the platform: its life, and its tier.

use crate::platform::life::Life;
use crate::platform::tier::Tier;

/// An ISP's account with the platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// What its state follows from.
    pub life: Life,
    /// What it has bought; `None` while it has chosen nothing.
    pub tier: Option<Tier>,
    /// What it has from the end of its paid time on, where that is another one.
    pub next_tier: Option<Tier>,
    /// Goes up with every change of the ISP's row.
    pub revision: u64,
}
