//! Staff: who works for an ISP, or for the platform.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::email::Email;
use crate::id::{StaffId, ZoneId};
use crate::people::role::RoleName;
use crate::phone::Msisdn;
use crate::time::Timestamp;

/// A name to sign in with, unique in the ISP: 3 to 32 of `a-z 0-9 . _ -`, the first a letter. In small letters.
///
/// Never an e-mail address: it holds no `@`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserName(String);

impl UserName {
    /// Most characters of it.
    pub const LENGTH_MAX: usize = 32;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = StaffFault;
    fn from_str(text: &str) -> Result<Self, StaffFault> {
        let folded = text.trim().to_ascii_lowercase();
        let inside = folded.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let fits = (3..=Self::LENGTH_MAX).contains(&folded.len());
        if fits && inside && folded.starts_with(|c: char| c.is_ascii_lowercase()) {
            Ok(Self(folded))
        } else {
            Err(StaffFault::NotAUserName)
        }
    }
}

/// A person's name: 1 to 100 characters without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonName(String);

impl PersonName {
    /// Most characters of it.
    pub const LENGTH_MAX: usize = 100;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PersonName {
    type Err = StaffFault;
    fn from_str(text: &str) -> Result<Self, StaffFault> {
        let text = text.trim();
        let fits = (1..=Self::LENGTH_MAX).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(StaffFault::NotAName) }
    }
}

/// The number of a person's identity card or passport: 4 to 32 letters, digits and dashes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdNumber(String);

impl IdNumber {
    /// The text. Each use is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Hidden: it tells who a person is.
impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for IdNumber {
    type Err = StaffFault;
    fn from_str(text: &str) -> Result<Self, StaffFault> {
        let text = text.trim();
        let inside = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/ ".contains(&b));
        if (4..=32).contains(&text.len()) && inside {
            Ok(Self(text.to_owned()))
        } else {
            Err(StaffFault::NotAnIdNumber)
        }
    }
}

/// Where somebody's work lies.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Zoned {
    /// Everywhere.
    All,
    /// In these zones alone. What lies in no zone is not theirs.
    Some(Vec<ZoneId>),
}

impl Zoned {
    /// The most zones of one person.
    pub const ZONES_MAX: usize = 200;

    /// Whether something in that zone, or in none, is theirs to see.
    pub fn hold(&self, zone: Option<ZoneId>) -> bool {
        match self {
            Self::All => true,
            Self::Some(zones) => zone.is_some_and(|zone| zones.contains(&zone)),
        }
    }

    /// The zones as a query's filter: `None` filters nothing.
    pub fn filter(&self) -> Option<&[ZoneId]> {
        match self {
            Self::All => None,
            Self::Some(zones) => Some(zones),
        }
    }

    /// Whether all of the other's zones are among these.
    pub fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Some(_), Self::All) => false,
            (Self::Some(ours), Self::Some(theirs)) => theirs.iter().all(|zone| ours.contains(zone)),
        }
    }
}

/// Where somebody stands with us. Nobody is ever deleted: what they did keeps their name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StaffState {
    /// Was asked to join, and has no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not sign in any more.
    Deactivated,
}

impl StaffState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Deactivated];

    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }

    /// The state with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

impl fmt::Display for StaffState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Somebody who works for an ISP, or for the platform. Their password and codes stay in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// Their address, unique over the whole system: a person works for one ISP.
    pub email: Email,
    /// Their name to sign in with, unique in the ISP.
    pub user_name: UserName,
    /// Their name.
    pub name: PersonName,
    /// Their number.
    pub phone: Option<Msisdn>,
    /// The number of their identity card.
    pub id_number: Option<IdNumber>,
    /// What they may do.
    pub role: RoleName,
    /// Where.
    pub zones: Zoned,
    /// Where they stand with us.
    pub state: StaffState,
    /// Whether they sign in with a code beside the password.
    pub has_totp: bool,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they signed in last.
    pub signed_in_at: Option<Timestamp>,
    /// Goes up with every change of what is told here.
    pub revision: u64,
}

/// Why a text cannot belong to staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StaffFault {
    /// Not a [`UserName`].
    #[error("not a user name: use 3 to 32 of a-z, 0-9, dots, dashes and underscores, the first a letter")]
    NotAUserName,
    /// Not a [`PersonName`].
    #[error("not a name: use 1 to 100 characters of plain text")]
    NotAName,
    /// Not an [`IdNumber`].
    #[error("not the number of an identity card: use 4 to 32 letters, digits and dashes")]
    NotAnIdNumber,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_folded_and_is_never_an_address() {
        assert_eq!("Anna.W".parse::<UserName>().map(|name| name.to_string()), Ok("anna.w".to_owned()));
        for bad in ["", "ab", "1anna", "anna@x.net", "an na", "anna\u{e9}", &"a".repeat(33)] {
            assert!(bad.parse::<UserName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn who_works_in_zones_sees_nothing_outside_them() {
        let zone = |number| ZoneId::from_bytes([number; 16]);
        let some = Zoned::Some(vec![zone(1), zone(2)]);

        assert!(some.hold(Some(zone(1))) && !some.hold(Some(zone(3))) && !some.hold(None));
        assert!(Zoned::All.hold(None) && Zoned::All.hold(Some(zone(3))));
        assert!(Zoned::All.cover(&some) && !some.cover(&Zoned::All));
        assert!(some.cover(&Zoned::Some(vec![zone(2)])) && !some.cover(&Zoned::Some(vec![zone(3)])));
    }

    #[test]
    fn a_name_fits_a_line_and_an_identity_is_hidden() {
        assert!("Anna Wanjik\u{169}".parse::<PersonName>().is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(bad.parse::<PersonName>().is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", "12345678".parse::<IdNumber>().expect("good")), "***");
        assert!("1".parse::<IdNumber>().is_err());
    }
}
