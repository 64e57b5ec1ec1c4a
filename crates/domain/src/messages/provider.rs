//! Who sends an ISP's text messages, and how it is spoken to.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::phone::{CallingCode, Msisdn};
use crate::secret::Secret;

/// The name or number that a message comes from, as the provider has registered it for the ISP: a name of at most 11
/// letters, digits and `- _ . &` or spaces, or a number of 3 to 15 digits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SenderId(String);

impl SenderId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SenderId {
    type Err = NotASender;
    fn from_str(text: &str) -> Result<Self, NotASender> {
        let text = text.trim();
        let is_number = (3..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let inside = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.& ".contains(&b));
        let is_name = (1..=11).contains(&text.len()) && inside && text.bytes().any(|b| b.is_ascii_alphabetic());
        if is_number || is_name { Ok(Self(text.to_owned())) } else { Err(NotASender) }
    }
}

/// The text is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not a sender: write the name that your provider has registered for you, at most 11 letters, digits and `-_.& `, \
     or its number"
)]
pub struct NotASender;

/// Which world of a provider: the real one, or the one for trying.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum World {
    /// Nothing reaches a telephone.
    Sandbox,
    /// Messages are sent and paid for.
    Production,
}

impl World {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// The world with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// How a provider is spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Terms {
    /// Africa's Talking.
    AfricasTalking {
        /// The app's user name; `sandbox` in the sandbox.
        username: String,
        /// Which world.
        world: World,
    },
    /// Any other that takes a message as one request over HTTP.
    Http(Box<HttpTerms>),
}

impl Terms {
    /// Its name in records.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AfricasTalking { .. } => "africas_talking",
            Self::Http(_) => "http",
        }
    }

    /// Most characters of a user name.
    pub const USERNAME_MAX: usize = 100;
}

/// A request of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HttpMethod {
    /// `GET`: all stands in the address.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}

impl HttpMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Get, Self::Post, Self::Put];

    /// As HTTP writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// The method with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// What a request's body is, and so how what is filled in is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BodyKind {
    /// JSON; places stand inside its texts: `{"mobile": "{to}"}`.
    Json,
    /// A form: `to={to}&message={message}`.
    Form,
}

impl BodyKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Json, Self::Form];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "form",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// How a provider wants a telephone's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PhoneForm {
    /// `+254712345678`.
    Plus,
    /// `254712345678`.
    International,
    /// `0712345678`.
    National,
    /// `712345678`.
    Bare,
}

impl PhoneForm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plus, Self::International, Self::National, Self::Bare];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plus => "plus",
            Self::International => "international",
            Self::National => "national",
            Self::Bare => "bare",
        }
    }

    /// The form with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// A number in it. One of another country is always written in full.
    pub fn write(self, phone: &Msisdn, country: &CallingCode) -> String {
        let digits = phone.expose();
        match (self, digits.strip_prefix(country.as_str())) {
            (Self::National, Some(rest)) => format!("0{rest}"),
            (Self::Bare, Some(rest)) => rest.to_owned(),
            (Self::Plus, _) | (Self::National | Self::Bare, None) => format!("+{digits}"),
            (Self::International, _) => digits.to_owned(),
        }
    }
}

/// A place in what a provider is sent, written as its name in braces: `{to}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Slot {
    /// The telephone's number.
    To,
    /// What the message says.
    Message,
    /// Who it comes from.
    Sender,
    /// The message's id, the same each time that it is sent.
    Id,
    /// The key.
    Key,
    /// The second key: a password, a partner's number.
    Secret,
    /// Both keys as HTTP's Basic has them: `key:secret` in base 64.
    Basic,
}

impl Slot {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::To, Self::Message, Self::Sender, Self::Id, Self::Key, Self::Secret, Self::Basic];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Message => "message",
            Self::Sender => "sender",
            Self::Id => "id",
            Self::Key => "key",
            Self::Secret => "secret",
            Self::Basic => "basic",
        }
    }

    /// The slot with a [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// How a provider that is none of ours is asked to send a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpTerms {
    /// How.
    pub method: HttpMethod,
    /// Where, with [slots](Slot) behind the host.
    pub url: String,
    /// Headers, with slots for the keys.
    pub headers: Vec<(String, String)>,
    /// What is sent, with slots.
    pub body: Option<(BodyKind, String)>,
    /// How it wants numbers.
    pub phone_form: PhoneForm,
    /// By what it is seen that it has taken a message.
    pub success: Success,
}

impl HttpTerms {
    /// Most characters of the address.
    pub const URL_MAX: usize = 500;
    /// Most headers.
    pub const HEADERS_MAX: usize = 10;
    /// Most characters of a header.
    pub const HEADER_MAX: usize = 300;
    /// Most characters of the body.
    pub const BODY_MAX: usize = 4_000;
}

/// By what it is seen that a provider has taken a message: all that is said here must be so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Success {
    /// The statuses of HTTP that are good; none named is 200 to 299.
    pub statuses: Vec<u16>,
    /// Where in an answer of JSON its verdict stands, as pointers (RFC 6901): the first that leads somewhere counts.
    pub verdict_at: Vec<String>,
    /// Verdicts that are good, as text.
    pub good: Vec<String>,
    /// Verdicts after which it is no use to try this message again.
    pub hopeless: Vec<String>,
    /// What an answer that is no JSON holds when it is good.
    pub text: Option<String>,
    /// Where in an answer of JSON the provider's number of the message stands.
    pub reference_at: Option<String>,
}

impl Success {
    /// Most entries of each of its lists.
    pub const ENTRIES_MAX: usize = 10;
    /// Most characters of each of its texts.
    pub const ENTRY_MAX: usize = 100;
}

/// What proves that it is the ISP who asks.
pub struct ProviderKeys {
    /// The key.
    pub key: Secret<String>,
    /// A second one, where the provider wants it.
    pub secret: Option<Secret<String>>,
}

impl ProviderKeys {
    /// Most characters of a key.
    pub const KEY_MAX: usize = 500;
}

impl fmt::Debug for ProviderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderKeys(***)")
    }
}

/// All that is needed to speak to an ISP's provider.
#[derive(Debug)]
pub struct Provider {
    /// How it is spoken to.
    pub terms: Terms,
    /// The keys.
    pub keys: ProviderKeys,
    /// Who messages come from; `None`: the provider's own choice.
    pub sender: Option<SenderId>,
    /// How the ISP's people's numbers begin.
    pub country: CallingCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_short_name_or_a_number() {
        for good in ["SAVANNA", "Savanna-Net", "A & B", "22384", "254700000000"] {
            assert!(good.parse::<SenderId>().is_ok(), "{good}");
        }
        for bad in ["", "SavannaNetworks", "12", "Caf\u{e9}", "a\nb", "1234567890123456", "12-34"] {
            assert_eq!(bad.parse::<SenderId>(), Err(NotASender), "{bad}");
        }
    }

    #[test]
    fn a_number_is_written_as_the_provider_wants_it() {
        let kenya = CallingCode::kenya();
        let phone = |text: &str| Msisdn::parse(text.as_bytes(), &kenya).expect("good");
        let ours = PhoneForm::ALL.map(|form| form.write(&phone("0712345678"), &kenya));
        let abroad = PhoneForm::ALL.map(|form| form.write(&phone("+255712345678"), &kenya));

        assert_eq!(ours, ["+254712345678", "254712345678", "0712345678", "712345678"]);
        assert_eq!(abroad, ["+255712345678", "255712345678", "+255712345678", "+255712345678"]);
    }

    #[test]
    fn names_lead_back() {
        assert!(World::ALL.into_iter().all(|one| World::from_code(one.code()) == Some(one)));
        assert!(HttpMethod::ALL.into_iter().all(|one| HttpMethod::from_code(one.code()) == Some(one)));
        assert!(BodyKind::ALL.into_iter().all(|one| BodyKind::from_code(one.code()) == Some(one)));
        assert!(PhoneForm::ALL.into_iter().all(|one| PhoneForm::from_code(one.code()) == Some(one)));
        assert!(Slot::ALL.into_iter().all(|one| Slot::named(one.name()) == Some(one)));
    }
}
