//! What an ISP may settle for itself, and what the platform settles for all.

use std::ops::RangeInclusive;

use thiserror::Error;

use crate::platform::house::HouseRules;
use crate::time::Zone;

/// A business's name: 1 to 100 characters of plain text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusinessName(String);

impl BusinessName {
    /// Most characters of it.
    pub const LENGTH_MAX: usize = 100;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for BusinessName {
    type Err = NotABusinessName;
    fn from_str(text: &str) -> Result<Self, NotABusinessName> {
        let text = text.trim();
        let fits = (1..=Self::LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotABusinessName) }
    }
}

/// The text is no name of a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a name of a business: write 1 to 100 characters of plain text")]
pub struct NotABusinessName;

/// What an ISP has settled for itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TenantSettings {
    /// Its name as people say it.
    pub name: BusinessName,
    /// Where its calendar runs.
    pub zone: Zone,
    /// How it wants its people dealt with.
    pub house: HouseRules,
    /// For how many days ended sessions are kept.
    pub session_days: u32,
    /// Whether its staff must give a code beside the password.
    pub demands_totp: bool,
    /// Goes up with every change.
    pub revision: u64,
}

impl TenantSettings {
    /// The fewest days for which sessions are kept, so that who had an address can be told to a court; and the most,
    /// since nobody's data is kept for ever.
    pub const SESSION_DAYS: RangeInclusive<u32> = 90..=1_830;
}

/// What the platform has settled for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlatformSettings {
    /// The platform's name, as its letters have it.
    pub name: BusinessName,
    /// Hours of a trial.
    pub trial_hours: u32,
    /// Days that an ISP may go on after what it has paid for.
    pub grace_days: u32,
    /// Whether anybody may sign up.
    pub is_sign_up_open: bool,
    /// Goes up with every change.
    pub revision: u64,
}
