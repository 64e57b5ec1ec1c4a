//! Money that is given back by the gateway.

use crate::id::{ArrivalId, RefundId};
use crate::money::Money;
use crate::money::wallet::WalletOf;
use crate::time::Timestamp;

/// How far a refund is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefundState {
    /// It was asked for; the gateway was not, yet.
    Asked,
    /// The gateway is being asked, or was when we were killed. It is never asked again: staff looks.
    Sending,
    /// The gateway has taken it and says later what came of it.
    Sent,
    /// The money went back.
    Done,
    /// It did not.
    Failed,
}

impl RefundState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Asked, Self::Sending, Self::Sent, Self::Done, Self::Failed];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An arrival that is given back, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// What is given back.
    pub arrival: ArrivalId,
    /// How much.
    pub amount: Money,
    /// Out of whose wallet; `None` is money that nobody's was.
    pub out_of: Option<WalletOf>,
    /// Why, in staff's words.
    pub why: String,
    /// How far it is.
    pub state: RefundState,
    /// The gateway's number of our question.
    pub conversation: Option<String>,
    /// What was last said of it.
    pub said: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl Refund {
    /// Most characters of why.
    pub const WHY_MAX: usize = 100;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        for state in RefundState::ALL {
            assert_eq!(RefundState::from_code(state.code()), Some(state));
        }
        assert_eq!(RefundState::from_code("x"), None);
    }
}
