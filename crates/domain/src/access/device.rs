//! The devices that a voucher or subscriber was used with: seen, named, let go of, blocked.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::access::attempt::Device;
use crate::time::Timestamp;

/// What staff, or its owner, has said of a device that bears on who may be online.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The device.
    pub device: Device,
    /// Whether it is blocked: then it may not come online on this right at all.
    pub is_blocked: bool,
    /// When its place was freed: sessions from before that are to end.
    pub released_at: Option<Timestamp>,
}

/// A device as staff sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenDevice {
    /// The device.
    pub device: Device,
    /// When it came online first.
    pub first_seen_at: Timestamp,
    /// When it came online last.
    pub last_seen_at: Timestamp,
    /// What people call it.
    pub name: Option<DeviceName>,
    /// Since when it is blocked.
    pub blocked_at: Option<Timestamp>,
    /// Whether it is online as its router reports it.
    pub is_online: bool,
}

/// What people call a device: 1 to 60 characters without control characters, as `Mum's phone`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceName(String);

impl DeviceName {
    /// Most characters of a name.
    pub const LENGTH_MAX: usize = 60;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceName {
    type Err = NotADeviceName;
    fn from_str(text: &str) -> Result<Self, NotADeviceName> {
        let text = text.trim();
        let fits = (1..=Self::LENGTH_MAX).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(NotADeviceName) }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a device's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a name for a device: use 1 to 60 characters, as `Mum's phone`")]
pub struct NotADeviceName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_text() {
        assert_eq!(" Mum's phone ".parse::<DeviceName>().map(|name| name.to_string()), Ok("Mum's phone".to_owned()));
        for bad in ["", "   ", "a\nb", &"x".repeat(61)] {
            assert_eq!(bad.parse::<DeviceName>(), Err(NotADeviceName), "{bad:?}");
        }
    }
}
