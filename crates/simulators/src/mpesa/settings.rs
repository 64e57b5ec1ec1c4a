//! What the twin is like: who takes money there, whose telephones there are, and what goes wrong how often.

use std::net::SocketAddr;

use domain::time::Span;

/// What the twin is like. Begin with [`Settings::default`], where nothing goes wrong, and change what the story needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What all chance follows from.
    pub seed: u64,
    /// How long people take to answer a prompt who do so by themselves.
    pub answers_after: Span,
    /// How long M-Pesa takes to tell what has happened.
    pub told_after: Span,
    /// How long a prompt stays on a telephone.
    pub prompt_lasts: Span,
    /// What telephones do that nobody has added.
    pub strangers: Strangers,
    /// Rules that can be switched.
    pub rules: Rules,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Callbacks on their way at once: 1 keeps them in the order of their times.
    pub at_once: usize,
    /// Where all callbacks go, whatever host their addresses name; else only to addresses of this machine.
    pub tells: Option<SocketAddr>,
    /// Who makes time pass for it.
    pub driving: Driving,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            answers_after: Span::seconds(4),
            told_after: Span::seconds(1),
            prompt_lasts: Span::seconds(60),
            strangers: Strangers::AsTheirNumbersEnd,
            rules: Rules::default(),
            faults: Faults::default(),
            at_once: 1,
            tells: None,
            driving: Driving::ByHand,
        }
    }
}

/// Who makes what is due happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Driving {
    /// The story, by [`Mpesa::step`](super::Mpesa::step).
    ByHand,
    /// The twin, fifty times a second.
    ByItself,
}

/// What telephones do that nobody has added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strangers {
    /// There are none: M-Pesa does not know their numbers.
    Unknown,
    /// Each has KES 100,000 and the manner that the last two digits of its number say: see [`Manner::of_number`].
    AsTheirNumbersEnd,
    /// Each has KES 100,000 and waits for whoever holds it.
    Decide,
}

/// A business that takes money.
#[derive(Clone, Debug)]
pub struct Business {
    /// Its name on telephones.
    pub name: String,
    /// Its paybill, or the store of its till.
    pub shortcode: String,
    /// Its till, for one that has one.
    pub till: Option<String>,
    /// What proves its prompts.
    pub passkey: String,
    /// Of its app.
    pub consumer_key: String,
    /// Of its app.
    pub consumer_secret: String,
    /// Its operator of the API kind: a name and a password.
    pub initiator: Option<(String, String)>,
    /// Whether its books may be pulled.
    pub pulls: bool,
    /// Whether it is asked before money comes by hand.
    pub validates: bool,
}

impl Business {
    /// A paybill with everything set up.
    pub fn paybill(name: &str, shortcode: &str) -> Self {
        Self {
            name: name.to_owned(),
            shortcode: shortcode.to_owned(),
            till: None,
            passkey: format!("passkey-of-{shortcode}"),
            consumer_key: format!("key-of-{shortcode}"),
            consumer_secret: format!("secret-of-{shortcode}"),
            initiator: Some(("apiop".to_owned(), format!("Password{shortcode}!"))),
            pulls: true,
            validates: false,
        }
    }

    /// A till behind a store, with everything set up.
    pub fn till(name: &str, store: &str, till: &str) -> Self {
        Self { till: Some(till.to_owned()), ..Self::paybill(name, store) }
    }
}

/// What somebody does with prompts, and M-Pesa with theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Whoever holds the telephone decides: [`Mpesa::accept`](super::Mpesa::accept) and its sisters.
    Decides,
    /// Pays.
    Pays,
    /// Says no.
    Cancels,
    /// Says yes without having the money.
    HasNoFunds,
    /// Cannot be reached.
    IsUnreachable,
    /// Does nothing until the prompt is gone.
    Ignores,
    /// Types a wrong PIN.
    TypesWrongPin,
    /// Pays, and no callback comes.
    PaysUntold,
    /// Pays, and the callback comes twice.
    PaysToldTwice,
    /// Pays, and the confirmation of the transfer comes before the callback.
    PaysConfirmedFirst,
    /// Pays, and the callback comes after five minutes.
    PaysToldLate,
    /// Has another prompt open.
    IsLocked,
    /// Is asked for too often: M-Pesa does not look.
    IsTooMuch,
    /// Pays, and the callback tells another amount.
    PaysToldWrong,
    /// Has an answer with letters in its code.
    HasNoOperator,
    /// Meets a page that says 503, and no prompt.
    MeetsAPage,
    /// Pays, but the answer to the push was lost.
    PaysUnanswered,
}

impl Manner {
    /// The manner that the last two digits of a number say, `00` to `15`; all others decide for themselves.
    pub fn of_number(number: &str) -> Self {
        match number.get(number.len().saturating_sub(2)..).unwrap_or_default() {
            "00" => Self::Pays,
            "01" => Self::Cancels,
            "02" => Self::HasNoFunds,
            "03" => Self::IsUnreachable,
            "04" => Self::PaysUntold,
            "05" => Self::PaysToldTwice,
            "06" => Self::PaysConfirmedFirst,
            "07" => Self::PaysToldLate,
            "08" => Self::IsLocked,
            "09" => Self::IsTooMuch,
            "10" => Self::PaysToldWrong,
            "11" => Self::HasNoOperator,
            "12" => Self::MeetsAPage,
            "13" => Self::PaysUnanswered,
            "14" => Self::TypesWrongPin,
            "15" => Self::Ignores,
            _ => Self::Decides,
        }
    }
}

/// Rules of M-Pesa that differ between its places, or are not known for sure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Look-ups of prompts in a minute for one app.
    pub looks_per_minute: Option<u32>,
    /// Whether the same amount to the same business waits two minutes.
    pub two_minutes: bool,
    /// Whether an open prompt is told by a result of its own, 4999, instead of by an error.
    pub open_by_result: bool,
    /// Whether addresses may be registered once only.
    pub registers_once: bool,
    /// How the books are asked for.
    pub pulls_by: PullsBy,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            looks_per_minute: None,
            two_minutes: true,
            open_by_result: false,
            registers_once: true,
            pulls_by: PullsBy::Post,
        }
    }
}

/// How the books are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PullsBy {
    /// By POST.
    Post,
    /// By GET with a body.
    Get,
}

/// What goes wrong by chance: of each, the share of all cases, 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Faults {
    /// A callback or confirmation never comes.
    pub lost: f64,
    /// It comes twice.
    pub twice: f64,
    /// It comes late, by up to [`late_max`](Self::late_max).
    pub late: f64,
    /// How late at most.
    pub late_max: Span,
    /// A callback tells another amount than was paid.
    pub wrong_amount: f64,
    /// Somebody who knows everything but the money sends a callback of success while the prompt is open.
    pub forged: f64,
    /// A prompt is sent, and the connection breaks before its answer.
    pub answer_lost: f64,
    /// A prompt is sent, and its answer is a page that says 503.
    pub answer_spoiled: f64,
    /// Any call but that for a token is answered with a page that says 503, and nothing is done.
    pub page: f64,
    /// Any call but that for a token is too much, and nothing is done.
    pub spike: f64,
    /// What an operator asks lies too long: nothing is done, and that is told where such things are told.
    pub timed_out: f64,
    /// Another program has fetched a token, and ours is dead.
    pub token_stolen: f64,
}

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Call {
    /// A token.
    Token,
    /// A prompt.
    Prompt,
    /// What became of a prompt.
    LookUp,
    /// Where to tell of money.
    Register,
    /// A transfer, as the sandbox allows.
    Simulate,
    /// What became of a receipt.
    Status,
    /// Money back.
    Reversal,
    /// The balance.
    Balance,
    /// The books.
    Pull,
    /// A picture to scan.
    Picture,
}

/// What goes wrong with one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// The connection ends before it is heard.
    HangsUp,
    /// It is done, and the connection ends before its answer.
    LosesAnswer,
    /// It is done, and nothing is answered.
    FallsSilent,
    /// It is not done, and this is answered.
    Answers {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// It is done, and this is answered.
    DoesAndAnswers {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

impl Mishap {
    /// An error as M-Pesa documents it; nothing is done.
    pub fn error(status: u16, code: &str, words: &str) -> Self {
        Self::Answers { status, body: super::door::error_body(code, words) }
    }
}
