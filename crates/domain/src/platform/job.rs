//! Jobs: what is done outside, later, and again until it is done. A deed writes them in its own transaction.

use crate::id::{DeliveryId, JobId, MessageId, PaymentId, RefundId};
use crate::messages::letter::Letter;
use crate::time::Timestamp;

/// What is to be done.
#[derive(Debug)]
pub enum Work {
    /// Send a letter.
    Mail(Letter),
    /// Tell a partner's webhook of an event. What is told stands in the delivery; the job has its id.
    Webhook(DeliveryId),
    /// Send a prompt to a telephone. What is asked for stands in the payment; the job has its id.
    Prompt(PaymentId),
    /// Have the gateway give money back. What stands in the refund; the job has its id.
    Reversal(RefundId),
    /// Send a text message. What it says stands in the message; the job has its id.
    Sms(MessageId),
}

impl Work {
    /// What kind of work it is.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Mail(_) => JobKind::Mail,
            Self::Webhook(_) => JobKind::Webhook,
            Self::Prompt(_) => JobKind::Prompt,
            Self::Reversal(_) => JobKind::Reversal,
            Self::Sms(_) => JobKind::Sms,
        }
    }
}

/// What kind of work a job is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum JobKind {
    /// A letter.
    Mail,
    /// An event that a partner's webhook is told of.
    Webhook,
    /// A prompt for a telephone.
    Prompt,
    /// Money that is given back by the gateway.
    Reversal,
    /// A text message to a telephone.
    Sms,
}

impl JobKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Mail, Self::Webhook, Self::Prompt, Self::Reversal, Self::Sms];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Prompt => "prompt",
            Self::Reversal => "reversal",
            Self::Sms => "sms",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How far a job is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JobState {
    /// It is tried from then on; while it is being tried, that is when it would be tried again.
    Waiting {
        /// When.
        due_at: Timestamp,
    },
    /// It is done.
    Done {
        /// Since when.
        at: Timestamp,
    },
    /// It was tried too often, or never can be done: a person must look at it.
    Parked {
        /// Since when.
        at: Timestamp,
    },
}

impl JobState {
    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Done { .. } => "done",
            Self::Parked { .. } => "parked",
        }
    }
}

/// A job as staff sees it: without what it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its id; later ones sort later.
    pub id: JobId,
    /// What kind of work it is.
    pub kind: JobKind,
    /// What it is about, in one line without secrets.
    pub about: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: JobState,
    /// How often it was tried.
    pub tries: u32,
    /// Why the last try did not do it.
    pub fault: Option<String>,
}

/// Most characters of what a job is about.
pub const ABOUT_MAX: usize = 200;
/// Most characters of why a try failed.
pub const FAULT_MAX: usize = 300;

/// What became of one try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was not, and may be later: why.
    Later(String),
    /// It cannot be done, however often it is tried: why, and what to do about it.
    Never(String),
}
