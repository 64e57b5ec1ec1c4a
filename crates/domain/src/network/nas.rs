//! A NAS: a router that asks us who may come online.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::id::{NasId, TenantId};
use crate::text::Slug;
use crate::time::Timestamp;

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
    /// Its Mikrotik-Realm (RouterOS: `/radius realm`); tells routers apart that share an address.
    pub realm: Option<String>,
    /// The ports of ours that are its own; tells routers apart that share an address. `None`: it asks on the ports of
    /// all.
    pub port_pair: Option<PortPair>,
    /// How to speak to it.
    pub vendor: Vendor,
    /// Where it listens for CoA and Disconnect (RFC 5176); RouterOS has used both 3799 and 1700.
    pub coa_port: u16,
    /// Whether its Access-Requests must carry a Message-Authenticator.
    pub signing: Signing,
}

impl Nas {
    /// Whether it may ask from more than one address.
    pub fn is_wide(&self) -> bool {
        self.address.prefix_len() < self.address.max_prefix_len()
    }

    /// Checks what must hold between its parts.
    pub fn check(&self) -> Result<(), NasError> {
        let widest = match self.address {
            IpNet::V4(_) => ALLOWED_BITS_V4,
            IpNet::V6(_) => ALLOWED_BITS_V6,
        };
        let open = self.signing.rule == SigningRule::Allow && self.address.prefix_len() < widest;
        if open {
            return Err(NasError::TooOpen(self.address));
        }
        for (what, text) in [("NAS-Identifier", &self.identifier), ("realm", &self.realm)] {
            let fits = text.as_ref().is_none_or(|text| (1..=253).contains(&text.len()));
            if !fits {
                return Err(NasError::LongName { what });
            }
        }
        Ok(())
    }
}

/// Fewer leading bits of a network than these cannot be allowed unsigned requests: anybody could guess from there.
const ALLOWED_BITS_V4: u8 = 8;
const ALLOWED_BITS_V6: u8 = 32;

/// Two neighbouring ports of ours: authentication on the first, accounting on the one after it, as 1812 and 1813.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortPair {
    auth: u16,
}

impl PortPair {
    /// The pair with that port for authentication; 1 to 65534.
    pub const fn of_auth(auth: u16) -> Option<Self> {
        match auth {
            0 | u16::MAX => None,
            auth => Some(Self { auth }),
        }
    }

    /// The port for authentication.
    pub const fn auth(self) -> u16 {
        self.auth
    }

    /// The port for accounting.
    pub const fn acct(self) -> u16 {
        self.auth + 1
    }
}

impl fmt::Display for PortPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.auth(), self.acct())
    }
}

impl FromStr for PortPair {
    type Err = NasError;
    fn from_str(text: &str) -> Result<Self, NasError> {
        let (auth, acct) = text.split_once('/').map_or((text, None), |(auth, acct)| (auth, Some(acct)));
        let pair = auth.parse().ok().and_then(Self::of_auth).ok_or(NasError::BadPair)?;
        match acct.map(str::parse) {
            None => Ok(pair),
            Some(Ok(acct)) if pair.acct() == acct => Ok(pair),
            Some(Ok(_) | Err(_)) => Err(NasError::BadPair),
        }
    }
}

/// What the operator says about Access-Requests without a Message-Authenticator (CVE-2024-3596).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SigningRule {
    /// Taken until the router is seen to sign all of them, and never again after that.
    #[default]
    Observe,
    /// Never taken.
    Require,
    /// Always taken, whatever was seen: a risk that somebody chose.
    Allow,
}

impl SigningRule {
    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Require => "require",
            Self::Allow => "allow",
        }
    }
}

impl FromStr for SigningRule {
    type Err = NasError;
    fn from_str(text: &str) -> Result<Self, NasError> {
        match text {
            "observe" => Ok(Self::Observe),
            "require" => Ok(Self::Require),
            "allow" => Ok(Self::Allow),
            _ => Err(NasError::UnknownSigning(text.chars().take(24).collect())),
        }
    }
}

/// How a router is held to signing its Access-Requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Signing {
    /// What the operator says.
    pub rule: SigningRule,
    /// Since when it is held to what it was seen to do; counts under [`SigningRule::Observe`] alone.
    pub raised_at: Option<Timestamp>,
}

impl Signing {
    /// Whether a request without a Message-Authenticator is refused.
    pub const fn demands(self) -> bool {
        match self.rule {
            SigningRule::Observe => self.raised_at.is_some(),
            SigningRule::Require => true,
            SigningRule::Allow => false,
        }
    }

    /// Whether it is still to be found out if the router signs.
    pub const fn is_open(self) -> bool {
        matches!(self, Self { rule: SigningRule::Observe, raised_at: None })
    }
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
    /// Not a pair of ports.
    #[error("write the port for authentication, as 20000; accounting is on the one after it")]
    BadPair,
    /// Not a rule about signing.
    #[error("`{0}` is not a rule: use observe, require or allow")]
    UnknownSigning(String),
    /// Unsigned requests allowed from half the world.
    #[error("unsigned requests cannot be allowed from all of {0}: anybody there could try codes in this router's name")]
    TooOpen(IpNet),
    /// A name that fits no attribute.
    #[error("the {what} must be 1 to 253 octets")]
    LongName {
        /// Which name.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_two_neighbouring_ports() {
        let read = |text: &str| text.parse::<PortPair>().map(|pair| (pair.auth(), pair.acct()));

        assert_eq!(read("20000"), Ok((20_000, 20_001)));
        assert_eq!(read("20000/20001"), Ok((20_000, 20_001)));
        for bad in ["", "0", "65535", "20000/20002", "20000/", "tower"] {
            assert_eq!(read(bad), Err(NasError::BadPair), "{bad}");
        }
    }

    #[test]
    fn what_was_seen_counts_only_while_the_operator_lets_it() {
        let raised_at = Some(Timestamp::from_seconds(1));
        let demands = |rule, raised_at| Signing { rule, raised_at }.demands();

        assert!(!demands(SigningRule::Observe, None) && demands(SigningRule::Observe, raised_at));
        assert!(demands(SigningRule::Require, None));
        assert!(!demands(SigningRule::Allow, raised_at));
    }

    #[test]
    fn unsigned_requests_are_never_allowed_from_everywhere() {
        let router = |address: &str, rule| Nas {
            id: NasId::from_bytes([1; 16]),
            tenant: TenantId::from_bytes([1; 16]),
            name: "tower".parse().expect("good"),
            address: address.parse().expect("good"),
            identifier: None,
            realm: None,
            port_pair: None,
            vendor: Vendor::Mikrotik,
            coa_port: 3_799,
            signing: Signing { rule, raised_at: None },
        };

        assert!(router("0.0.0.0/0", SigningRule::Allow).check().is_err());
        assert!(router("2001::/16", SigningRule::Allow).check().is_err());
        assert!(router("0.0.0.0/0", SigningRule::Observe).check().is_ok());
        assert!(router("10.8.0.0/24", SigningRule::Allow).check().is_ok());
    }
}
