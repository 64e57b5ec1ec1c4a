//! Money or access that needs a person: something that could not be made as it should be.

use crate::access::facts::Holder;
use crate::id::{ExceptionId, NasId, SessionId};
use crate::time::Timestamp;

/// What kind of trouble it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ExceptionKind {
    /// A live session is not on the terms that it should be on, or should have ended.
    SessionNotFollowing,
    /// A router does not answer what it is asked about its live sessions.
    RouterSilent,
    /// A router that was taken out of use, or whose certificate was taken back, did not end its sessions: people may go
    /// on surfing there.
    RouterGone,
    /// Something that was to be done outside, a letter or a partner's webhook, was tried too often in vain.
    JobParked,
    /// Somebody has paid, or a callback says so, and has not got what they paid for.
    PaidNotServed,
    /// Money has come, or is said to have come, and nobody knows whose it is, or whether it is true.
    MoneyUnmatched,
    /// Another amount has come than was asked for, or the same money is told in two ways.
    AmountDiffers,
    /// Money that had come went back, and what it bought may still be in use.
    MoneyReversed,
    /// A text message was not sent, or perhaps; or none of the ISP's is taken.
    MessageNotSent,
}

impl ExceptionKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SessionNotFollowing,
        Self::RouterSilent,
        Self::RouterGone,
        Self::JobParked,
        Self::PaidNotServed,
        Self::MoneyUnmatched,
        Self::AmountDiffers,
        Self::MoneyReversed,
        Self::MessageNotSent,
    ];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SessionNotFollowing => "session_not_following",
            Self::RouterSilent => "router_silent",
            Self::RouterGone => "router_gone",
            Self::JobParked => "job_parked",
            Self::PaidNotServed => "paid_not_served",
            Self::MoneyUnmatched => "money_unmatched",
            Self::AmountDiffers => "amount_differs",
            Self::MoneyReversed => "money_reversed",
            Self::MessageNotSent => "message_not_sent",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One trouble, however often it was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What kind.
    pub kind: ExceptionKind,
    /// What it is about, unique among the open ones of its kind: a session's or a router's id.
    pub about: String,
    /// The router.
    pub nas: Option<NasId>,
    /// The session.
    pub session: Option<SessionId>,
    /// Whose right.
    pub holder: Option<Holder>,
    /// What is wrong and what to do, in words for staff.
    pub what: String,
    /// When it was met first.
    pub opened_at: Timestamp,
    /// When it was met last.
    pub seen_at: Timestamp,
    /// How often.
    pub times: u32,
    /// When it was resolved, and how.
    pub resolved: Option<(Timestamp, String)>,
}
