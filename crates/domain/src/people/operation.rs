//! A deed on many subscribers at once: begun, carried on in batches, finished, and perhaps undone.

use crate::id::{OperationId, SubscriberId};
use crate::people::subscriber::Username;
use crate::time::Timestamp;

/// The most subscribers of one operation.
pub const SIZE_MAX: usize = 100_000;

/// An operation, and how far it is. So far all of them suspend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// How the subscribers were chosen, in words: `plan home-10`.
    pub about: String,
    /// Who began it.
    pub actor: String,
    /// How many subscribers.
    pub size: u32,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When its last row was dealt with.
    pub finished_at: Option<Timestamp>,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// What became of one subscriber.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Its turn has not come.
    Waiting,
    /// It was suspended.
    Suspended,
    /// It was suspended before, and is left as it is; an undo leaves it, too.
    WasSuspended,
    /// It is not there any more.
    Gone,
    /// It was suspended, and runs again: the operation was undone.
    Resumed,
    /// It was suspended, and somebody has resumed or suspended it since: an undo leaves it.
    ChangedSince,
}

impl Outcome {
    /// Its name in lists.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::WasSuspended => "was_suspended",
            Self::Gone => "gone",
            Self::Resumed => "resumed",
            Self::ChangedSince => "changed_since",
        }
    }

    /// The outcome with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        const ALL: [Outcome; 6] = [
            Outcome::Waiting,
            Outcome::Suspended,
            Outcome::WasSuspended,
            Outcome::Gone,
            Outcome::Resumed,
            Outcome::ChangedSince,
        ];
        ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// One subscriber of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperationRow {
    /// Counts from 1.
    pub place: u32,
    /// The subscriber.
    pub subscriber: SubscriberId,
    /// Its user name when the operation was begun.
    pub username: Username,
    /// What became of it.
    pub outcome: Outcome,
}
