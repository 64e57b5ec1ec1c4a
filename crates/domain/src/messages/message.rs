//! A text message to a telephone, and what becomes of it.

use std::fmt;

use crate::id::{MessageId, PaymentId};
use crate::messages::language::Language;
use crate::messages::template::MessageKind;
use crate::phone::Msisdn;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Most characters of a message, whatever its places were filled with.
pub const TEXT_MAX: usize = 1_500;

/// Most characters of what a provider said that are kept.
pub const SAID_MAX: usize = 300;

/// A message, ready to be sent.
pub struct Sms {
    /// Names it, so that a provider that knows such names can tell when it is sent twice.
    pub id: MessageId,
    /// To whose telephone.
    pub to: Msisdn,
    /// What it says. It may hold what lets somebody in.
    pub text: Secret<String>,
}

/// Without the text.
impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// How far a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageState {
    /// It waits to be sent, or to be sent again.
    Queued,
    /// It is being sent.
    Sending,
    /// The provider has taken it.
    Sent,
    /// Nobody knows whether the provider has taken it, and it is not sent again by itself.
    Unknown,
    /// It was not sent, and is not tried any more by itself.
    Failed,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sending, Self::Sent, Self::Unknown, Self::Failed];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    /// The state with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether it is over, unless a person has it sent again.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Sent | Self::Unknown | Self::Failed => true,
            Self::Queued | Self::Sending => false,
        }
    }
}

/// Why a provider does not take a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RefusalKind {
    /// The keys are wrong.
    Keys,
    /// The account is empty.
    Balance,
    /// The sender's name is not the ISP's, or not registered.
    Sender,
    /// What was set up is not what the provider understands.
    SetUp,
    /// No provider is set up, or it was switched off.
    NoProvider,
    /// The provider holds the account's messages back.
    Held,
    /// That telephone cannot be reached, or does not want to be.
    Number,
}

impl RefusalKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Keys, Self::Balance, Self::Sender, Self::SetUp, Self::NoProvider, Self::Held, Self::Number];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Balance => "balance",
            Self::Sender => "sender",
            Self::SetUp => "set_up",
            Self::NoProvider => "no_provider",
            Self::Held => "held",
            Self::Number => "number",
        }
    }

    /// Whether all of the ISP's messages are refused, and not this one alone.
    pub const fn is_about_all(self) -> bool {
        match self {
            Self::Keys | Self::Balance | Self::Sender | Self::SetUp | Self::NoProvider | Self::Held => true,
            Self::Number => false,
        }
    }
}

/// A message as staff sees it: without what lets somebody in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its id; later ones sort later.
    pub id: MessageId,
    /// What it is for.
    pub kind: MessageKind,
    /// To whose telephone.
    pub to: Msisdn,
    /// In which language.
    pub language: Language,
    /// What it says, with stars for codes.
    pub shown: String,
    /// As how many messages it is sent and paid for.
    pub parts: u16,
    /// How far it is.
    pub state: MessageState,
    /// How often it was tried.
    pub tries: u32,
    /// How often it was tried without our knowing whether it was taken.
    pub unsure: u32,
    /// The provider's number of it.
    pub reference: Option<String>,
    /// What it cost, in the provider's words.
    pub cost: Option<String>,
    /// Why the last try did not do it.
    pub said: Option<String>,
    /// What was paid for.
    pub payment: Option<PaymentId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it came to where it is.
    pub changed_at: Timestamp,
    /// After that nobody wants it any more, and it is not sent.
    pub wanted_until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::CallingCode;

    #[test]
    fn a_message_never_prints_what_it_says() {
        let to = Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good");
        let sms = Sms { id: MessageId::from_bytes([1; 16]), to, text: Secret::new("code 7KQ2MXAB".to_owned()) };

        let printed = format!("{sms:?}");

        assert!(!printed.contains("7KQ2MXAB") && !printed.contains("254712345678"), "{printed}");
    }

    #[test]
    fn a_code_names_its_state() {
        assert!(MessageState::ALL.into_iter().all(|state| MessageState::from_code(state.code()) == Some(state)));
    }
}
