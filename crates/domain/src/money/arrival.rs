//! An arrival: money that has come, or that somebody says has come. Each is somewhere to be seen until it is dealt with.

use std::fmt::Write as _;

use crate::id::{ArrivalId, GatewayId, PaymentId};
use crate::money::Money;
use crate::money::claim::{Payer, Receipt};
use crate::money::wallet::WalletOf;
use crate::time::Timestamp;

/// Who told us of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// A prompt of ours was paid: the gateway says so when it is asked, or a callback.
    Prompt,
    /// A callback: somebody has paid to the shortcode.
    Confirmation,
    /// The gateway's own books, page by page.
    Pull,
    /// A statement that staff has brought from the gateway.
    Statement,
    /// The gateway, asked about one receipt.
    Status,
    /// Somebody at the counter.
    Counter,
    /// Staff, who has seen it in the gateway's own message or statement.
    Staff,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Prompt, Self::Confirmation, Self::Pull, Self::Statement, Self::Status, Self::Counter, Self::Staff];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Confirmation => "confirmation",
            Self::Pull => "pull",
            Self::Statement => "statement",
            Self::Status => "status",
            Self::Counter => "counter",
            Self::Staff => "staff",
        }
    }

    /// The source with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }
}

/// Where an arrival stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ArrivalState {
    /// Nobody knows whose it is, or whether it is true.
    Pending,
    /// It is for that payment.
    ForPayment(PaymentId),
    /// It is in somebody's wallet.
    InWallet(WalletOf),
    /// Something is wrong with it, and somebody looks after that.
    Disputed,
    /// It went back.
    Reversed,
    /// It was found to be the same money as another arrival, which counts.
    Folded,
}

impl ArrivalState {
    /// Its name in records, without whose.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ForPayment(_) => "for_payment",
            Self::InWallet(_) => "in_wallet",
            Self::Disputed => "disputed",
            Self::Reversed => "reversed",
            Self::Folded => "folded",
        }
    }
}

/// Money that has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// Its id.
    pub id: ArrivalId,
    /// To which gateway; `None` over the counter.
    pub gateway: Option<GatewayId>,
    /// The gateway's number of it. One that was paid by a prompt may have none yet.
    pub receipt: Option<Receipt>,
    /// Whether the gateway itself has told that number, and not only a callback.
    pub is_receipt_proven: bool,
    /// Whether it may be what a prompt brought: the look-up of the prompt was taken for it.
    pub is_of_prompt: bool,
    /// How much.
    pub amount: Money,
    /// Who told of it first.
    pub source: Source,
    /// Whether the money is proven to have come: the gateway has said so when it was asked, or staff answers for it.
    /// What is not is nowhere in the ledger.
    pub is_verified: bool,
    /// Where it stands.
    pub state: ArrivalState,
    /// What the payer typed as account.
    pub account: String,
    /// Who paid, as far as is known.
    pub payer: Payer,
    /// When, as the gateway's clock has it.
    pub paid_at: Option<Timestamp>,
    /// When we heard of it first.
    pub arrived_at: Timestamp,
}

impl Arrival {
    /// Most characters of an account that was typed.
    pub const ACCOUNT_MAX: usize = 40;

    /// What it is called in a sentence: its receipt, or what is known instead.
    pub fn name(&self) -> String {
        let mut name = self.amount.to_string();
        match &self.receipt {
            // A text takes whatever is written into it.
            Some(receipt) => drop(write!(name, " with receipt {receipt}")),
            None => name.push_str(" without a receipt"),
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_as_it_was_written() {
        for source in Source::ALL {
            assert_eq!(Source::from_code(source.code()), Some(source));
        }
        assert_eq!(Source::from_code(""), None);
    }
}
