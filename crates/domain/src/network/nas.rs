//! A NAS: a router that asks us who may come online.

use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::id::{NasId, TenantId};
use crate::text::Slug;

/// How a router wants to be spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Vendor {
    /// RouterOS, with MikroTik's own attributes.
    #[default]
    Mikrotik,
    /// Only what the RFCs define, and WISPr's speeds.
    Generic,
}

impl Vendor {
    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mikrotik => "mikrotik",
            Self::Generic => "generic",
        }
    }
}

impl FromStr for Vendor {
    type Err = NasError;
    fn from_str(text: &str) -> Result<Self, NasError> {
        match text {
            "mikrotik" => Ok(Self::Mikrotik),
            "generic" => Ok(Self::Generic),
            _ => Err(NasError::UnknownVendor(text.chars().take(24).collect())),
        }
    }
}

/// A router as the registry knows it. Its shared secret travels beside it, never in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nas {
    /// Its id.
    pub id: NasId,
    /// The ISP it belongs to.
    pub tenant: TenantId,
    /// Its short name, unique in the tenant.
    pub name: Slug,
    /// Where its packets come from: one address, or a network of them. Several routers may share an address.
    pub address: IpNet,
    /// Its NAS-Identifier (RouterOS: `/system identity`); tells routers apart that share an address.
    pub identifier: Option<String>,
    /// How to speak to it.
    pub vendor: Vendor,
    /// Where it listens for CoA and Disconnect (RFC 5176); RouterOS has used both 3799 and 1700.
    pub coa_port: u16,
}

/// Checks a shared secret: 6 to 128 octets, printable, no spaces at the ends.
pub fn shared_secret(text: &str) -> Result<crate::secret::SecretBytes, NasError> {
    let fits = (6..=128).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control);
    if fits { Ok(crate::secret::SecretBytes::new(text.as_bytes().to_vec())) } else { Err(NasError::WeakSecret) }
}

/// Why a router cannot be registered like that.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NasError {
    /// Not a vendor we speak.
    #[error("`{0}` is not a vendor: use mikrotik or generic")]
    UnknownVendor(String),
    /// Not a [`shared_secret`].
    #[error("the shared secret must be 6 to 128 printable octets without spaces at its ends")]
    WeakSecret,
}
