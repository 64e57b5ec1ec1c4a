//! Gateways: who takes money for an ISP, and what they must be told to believe that it is the ISP who asks.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::id::GatewayId;
use crate::money::Money;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Which company takes the money.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GatewayKind {
    /// Safaricom's M-Pesa, by its Daraja API.
    Mpesa,
}

impl GatewayKind {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Mpesa];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mpesa => "mpesa",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Whether money really moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Environment {
    /// The gateway's own place for trying things out.
    Sandbox,
    /// Real money.
    Production,
}

impl Environment {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// The environment with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|environment| environment.code() == code)
    }
}

/// A number that the gateway knows a business by: 5 to 7 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shortcode(String);

impl Shortcode {
    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Shortcode {
    type Err = NotAShortcode;
    fn from_str(text: &str) -> Result<Self, NotAShortcode> {
        let text = text.trim();
        let good = (5..=7).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
        if good { Ok(Self(text.to_owned())) } else { Err(NotAShortcode) }
    }
}

impl fmt::Display for Shortcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no shortcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a paybill, store or till number: write its 5 to 7 digits")]
pub struct NotAShortcode;

/// How people pay to a business.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PayTo {
    /// Lipa na M-Pesa, Pay Bill: a business number and an account.
    Paybill,
    /// Lipa na M-Pesa, Buy Goods: the till that customers see. The shortcode beside it is the store's or head office's, to
    /// which the passkey belongs.
    Till(Shortcode),
}

impl PayTo {
    /// Its name in records.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Paybill => "paybill",
            Self::Till(_) => "till",
        }
    }
}

/// Somebody who may ask what became of payments, give money back and see the balance: an operator of the API kind in the
/// gateway's own portal.
#[derive(Debug)]
pub struct Initiator {
    /// Their user name.
    pub name: String,
    /// Their password. It lapses after 90 days.
    pub password: Secret<String>,
}

/// What proves to the gateway that it is the ISP who asks. Never returned once set.
#[derive(Debug)]
pub struct GatewayKeys {
    /// Of the app in the developers' portal.
    pub consumer_key: Secret<String>,
    /// Of the same.
    pub consumer_secret: Secret<String>,
    /// Of prompts on telephones; it belongs to the shortcode.
    pub passkey: Secret<String>,
    /// For looking up, reversing and the balance; without it these cannot be asked for.
    pub initiator: Option<Initiator>,
}

/// A gateway as its ISP's staff sees it: without what opens it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IspGateway {
    /// Its id.
    pub id: GatewayId,
    /// Which company.
    pub kind: GatewayKind,
    /// Whether money moves.
    pub environment: Environment,
    /// To whom the passkey belongs.
    pub shortcode: Shortcode,
    /// How people pay.
    pub pay_to: PayTo,
    /// Whether somebody is named who may look up receipts, give money back and see the balance.
    pub has_initiator: bool,
    /// Whether a confirmation is believed that cannot be verified, because nobody may look up receipts.
    pub trusts_confirmations: bool,
    /// How often a minute the gateway may be asked what became of something.
    pub looks_per_minute: u32,
    /// Whether anybody can pay through it now. What was begun is seen to its end all the same.
    pub is_active: bool,
    /// When it was set up.
    pub created_at: Timestamp,
    /// Up to when its own books were read.
    pub pulled_until: Option<Timestamp>,
    /// When they are read next; `None` for one that has none to be read.
    pub pull_at: Option<Timestamp>,
    /// Counts its changes.
    pub revision: u64,
}

impl IspGateway {
    /// How often a minute a gateway is asked, unless somebody knows better. M-Pesa's sandbox refuses the sixth question of
    /// a minute; what it takes where money moves it does not say, and when it is too much it says so and we wait.
    pub const fn looks_per_minute(environment: Environment) -> u32 {
        match environment {
            Environment::Sandbox => 5,
            Environment::Production => 60,
        }
    }

    /// The most that can be set.
    pub const LOOKS_PER_MINUTE_MAX: u32 = 6_000;
}

/// What is in an ISP's accounts with a gateway, as the gateway has told it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Balance {
    /// The accounts by the gateway's names, and what may be spent of each.
    pub accounts: Vec<(String, Money)>,
    /// When it was told.
    pub at: Timestamp,
}

impl Balance {
    /// Most accounts that are kept.
    pub const ACCOUNTS_MAX: usize = 20;
}

/// A gateway as an adapter needs it to speak in an ISP's name.
#[derive(Debug)]
pub struct GatewayAccount {
    /// Which company.
    pub kind: GatewayKind,
    /// Whether money moves.
    pub environment: Environment,
    /// To whom the passkey belongs: the paybill, or a till's store or head office.
    pub shortcode: Shortcode,
    /// How people pay.
    pub pay_to: PayTo,
    /// What proves who asks.
    pub keys: GatewayKeys,
    /// What callbacks of this ISP's gateway come to: `https://pay.example.net/cb/<32 hex digits>`, without a slash at the
    /// end. What is asked for appends one letter, and of prompts another token before it.
    pub callback_base: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortcode_is_five_to_seven_digits() {
        assert_eq!("174379".parse::<Shortcode>().map(|code| code.to_string()), Ok("174379".to_owned()));
        for bad in ["", "1234", "12345678", "17437x", "１７４３７９"] {
            assert_eq!(bad.parse::<Shortcode>(), Err(NotAShortcode), "{bad}");
        }
    }

    #[test]
    fn keys_never_print_themselves() {
        let keys = GatewayKeys {
            consumer_key: Secret::new("ck_demo".to_owned()),
            consumer_secret: Secret::new("cs_demo".to_owned()),
            passkey: Secret::new("pk_demo".to_owned()),
            initiator: Some(Initiator { name: "api".to_owned(), password: Secret::new("pw_demo".to_owned()) }),
        };

        assert!(!format!("{keys:?}").contains("_demo"));
    }
}
