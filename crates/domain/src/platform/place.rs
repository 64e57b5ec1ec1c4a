//! Where an ISP works: its branches, and the zones in them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::{BranchId, ZoneId};
use crate::time::Timestamp;

/// A branch's or zone's name: 1 to 60 characters of plain text, unique in the ISP whatever its capitals.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlaceName(String);

impl PlaceName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PlaceName {
    type Err = NotAPlaceName;
    fn from_str(text: &str) -> Result<Self, NotAPlaceName> {
        let text = text.trim();
        let fits = (1..=60).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAPlaceName) }
    }
}

/// The text is no name of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a name of a branch or zone: write 1 to 60 characters of plain text")]
pub struct NotAPlaceName;

/// A branch: an office of the ISP, with zones of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Its id.
    pub id: BranchId,
    /// Its name.
    pub name: PlaceName,
    /// When it was added.
    pub created_at: Timestamp,
    /// Goes up with every change.
    pub revision: u64,
}

/// A zone: a part of the area, as a village or an estate. Technicians work in zones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// Its id.
    pub id: ZoneId,
    /// Its name.
    pub name: PlaceName,
    /// The branch that it belongs to, if any.
    pub branch: Option<BranchId>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Goes up with every change.
    pub revision: u64,
}

/// Most branches, and most zones, of an ISP.
pub const PLACES_MAX: u32 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_places_name_is_plain_and_short() {
        assert_eq!("  Kitale East ".parse::<PlaceName>().map(|name| name.to_string()), Ok("Kitale East".to_owned()));
        for bad in ["", "   ", "a\nb", &"x".repeat(61)] {
            assert_eq!(bad.parse::<PlaceName>(), Err(NotAPlaceName), "{bad}");
        }
    }
}
