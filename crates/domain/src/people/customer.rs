//! A customer: who uses and pays. Subscribers and vouchers may belong to one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::email::Email;
use crate::id::{CustomerId, StaffId, ZoneId};
use crate::phone::Msisdn;
use crate::text::{Slug, escaped};
use crate::time::Timestamp;

/// A customer's name as it was given: 1 to 120 characters, without line breaks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CustomerName(String);

impl CustomerName {
    /// Most characters of a name.
    pub const LENGTH_MAX: usize = 120;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people search for it: small letters, one space between words.
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

impl FromStr for CustomerName {
    type Err = CustomerError;
    fn from_str(text: &str) -> Result<Self, CustomerError> {
        let name = text.trim();
        let fits = (1..=Self::LENGTH_MAX).contains(&name.chars().count());
        if fits && !name.chars().any(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(CustomerError::NotAName(escaped(text.as_bytes())))
        }
    }
}

impl fmt::Display for CustomerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text as names are searched for: small letters, one space between words.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// A text of staff about a customer, of so many characters at most; lines may break.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Remark<const MAX: usize>(String);

impl<const MAX: usize> Remark<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Remark<MAX> {
    type Err = CustomerError;
    fn from_str(text: &str) -> Result<Self, CustomerError> {
        let text = text.trim();
        let is_plain = !text.chars().any(|one| one.is_control() && one != '\n' && one != '\t');
        if text.chars().count() <= MAX && is_plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(CustomerError::NotARemark(MAX))
        }
    }
}

/// What staff writes about a customer.
pub type Notes = Remark<4_000>;

/// Where a customer is, in words.
pub type Address = Remark<300>;

/// A point on the earth, to a millionth of a degree: a tenth of a metre.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Coordinates {
    latitude_millionths: i32,
    longitude_millionths: i32,
}

impl Coordinates {
    /// The point at these degrees; `None` when there is no such point.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let millionths = |degrees: f64, most: f64| {
            let fits = degrees.is_finite() && degrees.abs() <= most;
            #[expect(clippy::cast_possible_truncation, reason = "at most 180 millions")]
            fits.then(|| (degrees * 1e6).round() as i32)
        };
        Some(Self {
            latitude_millionths: millionths(latitude, 90.0)?,
            longitude_millionths: millionths(longitude, 180.0)?,
        })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_millionths) / 1e6
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_millionths) / 1e6
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.latitude(), self.longitude())
    }
}

/// What a customer identifies themselves with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IdentityKind {
    /// A national identity card.
    NationalId,
    /// A passport.
    Passport,
    /// A registered business.
    Business,
    /// Anything else.
    Other,
}

impl IdentityKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NationalId, Self::Passport, Self::Business, Self::Other];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NationalId => "national_id",
            Self::Passport => "passport",
            Self::Business => "business",
            Self::Other => "other",
        }
    }
}

impl FromStr for IdentityKind {
    type Err = CustomerError;
    fn from_str(text: &str) -> Result<Self, CustomerError> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or(CustomerError::NotAnIdentityKind)
    }
}

/// How far a customer's identity has been looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum IdentityState {
    /// Nothing was given.
    #[default]
    None,
    /// Given, and not looked at.
    Pending,
    /// Looked at and believed.
    Verified,
    /// Looked at and not believed.
    Rejected,
}

impl IdentityState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Pending, Self::Verified, Self::Rejected];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }
}

impl FromStr for IdentityState {
    type Err = CustomerError;
    fn from_str(text: &str) -> Result<Self, CustomerError> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or(CustomerError::NotAnIdentityState)
    }
}

/// A document's number: 1 to 40 letters, digits, spaces, dashes and slashes. `Debug` and `Display` show its end alone.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityNumber(String);

impl IdentityNumber {
    /// Most characters of a number.
    pub const LENGTH_MAX: usize = 40;

    /// The number itself. Each use is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdentityNumber {
    type Err = CustomerError;
    fn from_str(text: &str) -> Result<Self, CustomerError> {
        let number = text.trim();
        let inside = number.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'/'));
        if (1..=Self::LENGTH_MAX).contains(&number.len()) && inside {
            Ok(Self(number.to_owned()))
        } else {
            Err(CustomerError::NotAnIdentityNumber)
        }
    }
}

/// `***678`.
impl fmt::Display for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.len().saturating_sub(3).max(self.0.len().div_ceil(2));
        write!(f, "***{}", self.0.get(shown..).unwrap_or_default())
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a customer identifies themselves with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The kind of document.
    pub kind: IdentityKind,
    /// Its number.
    pub number: IdentityNumber,
}

/// Everything that staff writes about a customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Their name.
    pub name: CustomerName,
    /// Their phone number.
    pub phone: Option<Msisdn>,
    /// Their e-mail address.
    pub email: Option<Email>,
    /// What staff notes about them.
    pub notes: Notes,
    /// The kind of customer, in the ISP's own words: `school`.
    pub category: Option<Slug>,
    /// The zone they live in.
    pub zone: Option<ZoneId>,
    /// Where they are, in words.
    pub address: Address,
    /// Where they are, on a map.
    pub coordinates: Option<Coordinates>,
    /// What they identify themselves with.
    pub identity: Option<Identity>,
    /// How far that has been looked at.
    pub identity_state: IdentityState,
}

/// A customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// What staff writes about them.
    pub profile: Profile,
    /// Who of the staff looks after them.
    pub assigned_to: Option<StaffId>,
    /// Counts up with each change.
    pub revision: u32,
    /// When they were added.
    pub created_at: Timestamp,
    /// When something about them changed last.
    pub changed_at: Timestamp,
}

/// Why a text cannot be about a customer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomerError {
    /// Not a [`CustomerName`].
    #[error("`{0}` is not a name: use 1 to 120 characters on one line")]
    NotAName(String),
    /// Not a [`Remark`].
    #[error("too long, or with characters that cannot be shown: at most {0} characters fit")]
    NotARemark(usize),
    /// Not an [`IdentityKind`].
    #[error("not a kind of identity: use national_id, passport, business or other")]
    NotAnIdentityKind,
    /// Not an [`IdentityState`].
    #[error("not a state of an identity: use none, pending, verified or rejected")]
    NotAnIdentityState,
    /// Not an [`IdentityNumber`].
    #[error("not a document's number: use 1 to 40 letters, digits, spaces, dashes and slashes")]
    NotAnIdentityNumber,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whatever_its_letters_and_spaces() {
        let name: CustomerName = "  MARY  Wanjikũ Njoroge".parse().expect("a name");

        assert_eq!(name.as_str(), "MARY  Wanjikũ Njoroge");
        assert_eq!(name.folded(), "mary wanjikũ njoroge");
        assert!("".parse::<CustomerName>().is_err());
        assert!("a\nb".parse::<CustomerName>().is_err());
        assert!("x".repeat(121).parse::<CustomerName>().is_err());
    }

    #[test]
    fn a_point_is_on_the_earth() {
        let nairobi = Coordinates::new(-1.286_389_4, 36.817_223).expect("there");

        assert_eq!((nairobi.latitude(), nairobi.longitude()), (-1.286_389, 36.817_223));
        for (latitude, longitude) in [(91.0, 0.0), (0.0, -181.0), (f64::NAN, 0.0)] {
            assert_eq!(Coordinates::new(latitude, longitude), None);
        }
    }

    #[test]
    fn a_documents_number_prints_its_end_alone() {
        let number: IdentityNumber = "12345678".parse().expect("a number");
        let short: IdentityNumber = "12".parse().expect("a number");

        assert_eq!((number.to_string(), short.to_string()), ("***678".to_owned(), "***2".to_owned()));
        assert!("12;drop".parse::<IdentityNumber>().is_err());
    }

    #[test]
    fn notes_may_have_lines_and_a_most() {
        assert!("gate code 5\ndog".parse::<Notes>().is_ok());
        assert!("x".repeat(4_001).parse::<Notes>().is_err());
        assert!("bell\u{7}".parse::<Notes>().is_err());
    }
}
