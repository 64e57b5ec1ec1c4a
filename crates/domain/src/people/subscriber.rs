//! A subscriber: a house or business that logs in with a user name and password of its own.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use thiserror::Error;

use crate::id::{PlanId, SubscriberId};
use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// A PPP user name: 1 to 64 printable characters without spaces, compared octet by octet, unique in the tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Username(String);

impl Username {
    /// Most octets of a user name.
    pub const LENGTH_MAX: usize = 64;

    /// Reads a user name; spaces, control characters and bad UTF-8 are an error.
    pub fn parse(text: &[u8]) -> Result<Self, SubscriberError> {
        let bad = || SubscriberError::NotAUsername(crate::text::escaped(text));
        let name = std::str::from_utf8(text).map_err(|_| bad())?;
        let fits = (1..=Self::LENGTH_MAX).contains(&name.len());
        if fits && !name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(bad())
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = SubscriberError;
    fn from_str(text: &str) -> Result<Self, SubscriberError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a subscriber's password: 1 to 128 octets of UTF-8 without control characters.
///
/// RADIUS cannot carry more (RFC 2865 §5.2), and MS-CHAP needs text that becomes UTF-16.
pub fn password(text: &str) -> Result<SecretBytes, SubscriberError> {
    if (1..=128).contains(&text.len()) && !text.chars().any(char::is_control) {
        Ok(SecretBytes::new(text.as_bytes().to_vec()))
    } else {
        Err(SubscriberError::NotAPassword)
    }
}

/// Whether the service runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It does.
    Active,
    /// Stopped by staff or for an unpaid bill.
    Suspended {
        /// Since when.
        at: Timestamp,
    },
}

/// A house or business with its own login. The password stays in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscriber {
    /// Its id.
    pub id: SubscriberId,
    /// Its login.
    pub username: Username,
    /// The plan it is on.
    pub plan: PlanId,
    /// Whether the service runs.
    pub standing: Standing,
    /// The end of what is paid for; `None` has no end.
    pub until: Option<Timestamp>,
    /// Its fixed address.
    pub framed_ip: Option<Ipv4Addr>,
}

/// Why a text cannot belong to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubscriberError {
    /// Not a [`Username`].
    #[error("`{0}` is not a user name: use 1 to 64 characters without spaces")]
    NotAUsername(String),
    /// Not a [`password`].
    #[error("not a password: use 1 to 128 octets without control characters")]
    NotAPassword,
}
