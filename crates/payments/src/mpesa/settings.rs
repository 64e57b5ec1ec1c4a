//! Where M-Pesa is, and how long it is waited for: the operator's business, the same for all ISPs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;
use thiserror::Error;

use super::credential::Certificate;

/// What the adapter must be told. [`Default`] is M-Pesa itself, without its certificates.
#[derive(Debug, Default)]
pub struct MpesaSettings {
    /// The sandbox.
    pub sandbox: Place,
    /// Where money moves.
    pub production: Place,
    /// How payers are hidden in what is told of transfers.
    pub confirmations: Confirmations,
    /// How long it is waited.
    pub patience: Patience,
}

impl MpesaSettings {
    /// Both environments at one address: a simulator's.
    pub fn at(base: &BaseAddress, certificate: Option<&Certificate>) -> Self {
        let place = || Place { base: Some(base.clone()), certificate: certificate.cloned() };
        Self { sandbox: place(), production: place(), ..Self::default() }
    }
}

/// One environment of M-Pesa.
#[derive(Debug, Default)]
pub struct Place {
    /// Another address than M-Pesa's own, for a simulator.
    pub base: Option<BaseAddress>,
    /// What initiators' passwords are encrypted for, from M-Pesa's portal. Without it status, reversal and balance cannot be
    /// asked for.
    pub certificate: Option<Certificate>,
}

/// How payers are hidden in what is told of transfers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Confirmations {
    /// As SHA-256 of the number, in hex: version 1 of the registration.
    Hashed,
    /// With the middle of the number left out: version 2.
    #[default]
    Masked,
}

/// How long it is waited.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connection: Duration,
    /// For a token.
    pub token: Duration,
    /// For one answer.
    pub answer: Duration,
    /// For all of it together, a token before it and a second try with a new token.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(5),
            token: Duration::from_secs(8),
            answer: Duration::from_secs(30),
            whole: Duration::from_secs(38),
        }
    }
}

/// Where a gateway's API begins: `https://` and a host, or `http://` and an address of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseAddress(String);

impl BaseAddress {
    /// M-Pesa's sandbox.
    pub fn sandbox() -> Self {
        Self("https://sandbox.safaricom.co.ke".to_owned())
    }

    /// M-Pesa where money moves.
    pub fn production() -> Self {
        Self("https://api.safaricom.co.ke".to_owned())
    }

    /// The text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseAddress {
    type Err = NotABase;
    fn from_str(text: &str) -> Result<Self, NotABase> {
        let bad = || NotABase(text.chars().take(80).collect());
        let url = Url::parse(text.trim()).map_err(|_| bad())?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let here = match url.host_str().unwrap_or_default().trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => false,
        };
        let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
        if bare && nobody && safe && url.host_str().is_some() {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for BaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no address of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not where a gateway can be: write https:// and a host without a path, or http:// and a loopback address for \
     a simulator"
)]
pub struct NotABase(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_asked_over_tls_or_on_this_machine() {
        for (text, read) in [
            ("https://sandbox.safaricom.co.ke/", Some("https://sandbox.safaricom.co.ke")),
            ("http://127.0.0.1:8099", Some("http://127.0.0.1:8099")),
            ("http://[::1]:8099/", Some("http://[::1]:8099")),
            ("http://sandbox.safaricom.co.ke", None),
            ("http://10.0.0.1:80", None),
            ("http://localhost:80", None),
            ("https://api.safaricom.co.ke/mpesa", None),
            ("https://user@api.safaricom.co.ke", None),
            ("ftp://127.0.0.1", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<BaseAddress>().ok().as_ref().map(BaseAddress::as_str), read, "{text}");
        }
        for own in [BaseAddress::sandbox(), BaseAddress::production()] {
            assert_eq!(own.as_str().parse(), Ok(own));
        }
    }
}
