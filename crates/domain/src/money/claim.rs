//! What is said of a payment, and what is believed: a callback is a *claim*, which anybody can make who knows an address;
//! only what the gateway answers when *we* ask is a *proof*.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::money::Money;
use crate::money::gateway::Shortcode;
use crate::time::Timestamp;

/// A gateway's number for money that has moved, as both sides read it to each other: `UAF3K7Q2ZD`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Receipt(String);

impl Receipt {
    /// Most characters of one.
    pub const LENGTH_MAX: usize = 32;

    /// The text, in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Receipt {
    type Err = NotAReceipt;
    /// Reads what a person types or a gateway sends: letters and digits in any case, spaces around and within left out.
    fn from_str(text: &str) -> Result<Self, NotAReceipt> {
        let receipt: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let good =
            (6..=Self::LENGTH_MAX).contains(&receipt.len()) && receipt.bytes().all(|b| b.is_ascii_alphanumeric());
        if good { Ok(Self(receipt.to_ascii_uppercase())) } else { Err(NotAReceipt) }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no receipt's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a receipt number: copy it from the message of M-Pesa, as UAF3K7Q2ZD")]
pub struct NotAReceipt;

/// Who paid, as far as a gateway tells.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Payer {
    /// The number as the gateway gives it: whole, masked (`2547 ***** 126`), or a SHA-256 in hex. At most 64 characters.
    pub phone: Option<String>,
    /// The name or a part of it. At most 100 characters.
    pub name: Option<String>,
}

/// What kind of message came to a callback's address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallbackKind {
    /// What became of a prompt.
    Prompt,
    /// Somebody is about to pay to the shortcode by themselves; we may refuse.
    Validation,
    /// Somebody has paid to the shortcode.
    Confirmation,
    /// The answer to something that we asked for with an initiator.
    Result,
    /// That it was not answered in time.
    TimedOut,
}

impl CallbackKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Prompt, Self::Validation, Self::Confirmation, Self::Result, Self::TimedOut];

    /// The letter that ends its address. No word that a gateway forbids in an address can come of it.
    pub const fn letter(self) -> char {
        match self {
            Self::Prompt => 'p',
            Self::Validation => 'v',
            Self::Confirmation => 'c',
            Self::Result => 'r',
            Self::TimedOut => 't',
        }
    }

    /// The kind with that letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.letter() == letter)
    }
}

/// What a callback says. Nothing of it is true because it says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claim {
    /// What became of a prompt.
    Prompt {
        /// The gateway's number of the prompt (`CheckoutRequestID`).
        checkout: String,
        /// How it ended.
        ended: Ended,
    },
    /// Money has come to a shortcode, or is about to.
    Transfer(Transfer),
    /// The answer to a look-up, reversal or balance.
    Result {
        /// The number that our question was given (`ConversationID`).
        conversation: String,
        /// What it says.
        said: ResultSaid,
    },
}

/// How a prompt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Money has moved. A gateway that is asked by the prompt's number tells nothing more than that; a callback tells the rest.
    Paid {
        /// The money's number.
        receipt: Option<Receipt>,
        /// How much.
        amount: Option<Money>,
        /// When, as the gateway's clock has it.
        at: Option<Timestamp>,
        /// Who paid.
        payer: Payer,
    },
    /// No money has moved, and none will for this prompt.
    Failed(Failure),
    /// It is not known yet, or what was said is not in the list of what ends a prompt.
    Open {
        /// What was said: the code and the words, at most 200 characters.
        said: String,
    },
}

/// Why a prompt came to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// The gateway's own code: `1032`. At most 40 characters.
    pub code: String,
    /// The gateway's own words, at most 200 characters.
    pub words: String,
}

/// Kinds of failure, by what somebody can do about them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FailureKind {
    /// The payer said no, or did not answer.
    Cancelled,
    /// The PIN was wrong.
    WrongPin,
    /// There is not enough money.
    NoFunds,
    /// The telephone is off, without signal, or its SIM is too old for prompts.
    Unreachable,
    /// Another prompt is open on that telephone.
    Busy,
    /// The prompt lay too long.
    Expired,
    /// The same amount was paid a moment ago: the gateway wants two minutes between.
    TooSoon,
    /// The payer has reached a limit of the gateway, or the line is blocked.
    Limit,
    /// The gateway is overloaded or being mended.
    GatewayBusy,
    /// What the ISP has set is wrong: shortcode, till, passkey, keys.
    Misconfigured,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Cancelled,
        Self::WrongPin,
        Self::NoFunds,
        Self::Unreachable,
        Self::Busy,
        Self::Expired,
        Self::TooSoon,
        Self::Limit,
        Self::GatewayBusy,
        Self::Misconfigured,
    ];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::WrongPin => "wrong_pin",
            Self::NoFunds => "no_funds",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Expired => "expired",
            Self::TooSoon => "too_soon",
            Self::Limit => "limit",
            Self::GatewayBusy => "gateway_busy",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Money that came to a shortcode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// To which shortcode or till, as the message has it.
    pub shortcode: Shortcode,
    /// The money's number.
    pub receipt: Receipt,
    /// How much.
    pub amount: Money,
    /// When, as the gateway's clock has it.
    pub at: Option<Timestamp>,
    /// What the payer typed as account; empty for a till. At most 40 characters.
    pub account: String,
    /// Who paid.
    pub payer: Payer,
}

/// What the answer to a question says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResultSaid {
    /// What became of money with a receipt.
    Money(Standing),
    /// The balances, in the gateway's order: the account's name and what may be spent.
    Balance(Vec<(String, Money)>),
    /// It was done: a reversal, with the number of the money that went back.
    Done(Option<Receipt>),
    /// It could not be done.
    Failed(Failure),
}

/// What the gateway says of money with a receipt, when it is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It has arrived and stays.
    Arrived(Transfer),
    /// It was given back.
    Reversed(Transfer),
    /// It never moved: declined, cancelled, expired.
    Never {
        /// The gateway's word for it, at most 200 characters.
        said: String,
    },
    /// The gateway has not decided.
    Open {
        /// The gateway's word for it, at most 200 characters.
        said: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_people_type_it() {
        assert_eq!("uaf3k7q2zd ".parse::<Receipt>().map(|receipt| receipt.to_string()), Ok("UAF3K7Q2ZD".to_owned()));
        assert_eq!("UAF3 K7Q2 ZD".parse::<Receipt>(), "UAF3K7Q2ZD".parse());
        for bad in ["", "UAF", "UAF3K7Q2Z!", "'; drop table", "ÜAF3K7Q2ZD"] {
            assert_eq!(bad.parse::<Receipt>(), Err(NotAReceipt), "{bad}");
        }
    }

    #[test]
    fn letters_and_codes_name_one_kind_each() {
        for kind in CallbackKind::ALL {
            assert_eq!(CallbackKind::from_letter(kind.letter()), Some(kind));
        }
        for kind in FailureKind::ALL {
            assert_eq!(FailureKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!((CallbackKind::from_letter('x'), FailureKind::from_code("")), (None, None));
    }
}
