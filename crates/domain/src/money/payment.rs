//! A payment: one attempt of somebody to pay for something, and its life.

use crate::access::facts::Holder;
use crate::id::{GatewayId, NasId, PaymentId, PlanId, SubscriberId};
use crate::mac::Mac;
use crate::money::Money;
use crate::money::claim::FailureKind;
use crate::money::wallet::WalletOf;
use crate::phone::Msisdn;
use crate::sales::voucher::VoucherCode;
use crate::time::Timestamp;

/// What is bought.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    /// A voucher of a hotspot plan.
    Voucher {
        /// The plan.
        plan: PlanId,
        /// Its terms, as they were when somebody chose it: what they saw is what they get.
        revision: u32,
        /// Who buys it: may log in by that number.
        buyer: Msisdn,
    },
    /// The next period of a subscriber, on whatever plan they are then.
    Renewal {
        /// The subscriber.
        subscriber: SubscriberId,
    },
}

impl Purpose {
    /// Whose wallet holds what comes for it.
    pub fn wallet(&self) -> WalletOf {
        match self {
            Self::Voucher { buyer, .. } => WalletOf::Phone(buyer.clone()),
            Self::Renewal { subscriber } => WalletOf::Subscriber(*subscriber),
        }
    }

    /// Its name in records.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Voucher { .. } => "voucher",
            Self::Renewal { .. } => "renewal",
        }
    }
}

/// How far a payment is. What it bought is told apart from it: see the activation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PaymentState {
    /// Written down; nobody was asked yet.
    Created,
    /// The gateway is being asked for a prompt, or was when we were killed.
    Pushing,
    /// The prompt is on its way to the telephone, or on it.
    Awaiting,
    /// Nobody knows whether the prompt was sent. It is never sent again.
    Unknown,
    /// The gateway says that it is paid, and has not told the receipt's number.
    PaidUnreceipted,
    /// Paid, with a receipt or over the counter.
    Paid,
    /// The prompt came to nothing.
    Failed(FailureKind),
    /// Nothing was heard for longer than any prompt lives. We go on looking.
    Expired,
    /// Nothing was heard in two days. Money that comes all the same is honoured.
    Unresolved,
    /// It was paid, and the money went back.
    Reversed,
}

impl PaymentState {
    /// Its name in records, without the kind of failure.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pushing => "pushing",
            Self::Awaiting => "awaiting",
            Self::Unknown => "unknown",
            Self::PaidUnreceipted => "paid_unreceipted",
            Self::Paid => "paid",
            Self::Failed(_) => "failed",
            Self::Expired => "expired",
            Self::Unresolved => "unresolved",
            Self::Reversed => "reversed",
        }
    }

    /// The state of a record. A kind of failure belongs to a failed one alone.
    pub fn from_record(code: &str, failure: Option<FailureKind>) -> Option<Self> {
        match (code, failure) {
            ("created", None) => Some(Self::Created),
            ("pushing", None) => Some(Self::Pushing),
            ("awaiting", None) => Some(Self::Awaiting),
            ("unknown", None) => Some(Self::Unknown),
            ("paid_unreceipted", None) => Some(Self::PaidUnreceipted),
            ("paid", None) => Some(Self::Paid),
            ("failed", Some(kind)) => Some(Self::Failed(kind)),
            ("expired", None) => Some(Self::Expired),
            ("unresolved", None) => Some(Self::Unresolved),
            ("reversed", None) => Some(Self::Reversed),
            _ => None,
        }
    }

    /// The kind of failure.
    pub const fn failure(self) -> Option<FailureKind> {
        match self {
            Self::Failed(kind) => Some(kind),
            Self::Created
            | Self::Pushing
            | Self::Awaiting
            | Self::Unknown
            | Self::PaidUnreceipted
            | Self::Paid
            | Self::Expired
            | Self::Unresolved
            | Self::Reversed => None,
        }
    }

    /// Whether money is known to have come for it.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::PaidUnreceipted | Self::Paid)
    }

    /// Whether a prompt may lie on the telephone, so that another one would disturb it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Pushing | Self::Awaiting | Self::Unknown)
    }

    /// Whether it may become that. Money that has come late wins over every earlier word, and is never forgotten: from
    /// paid only a receipt or the money's way back leads on.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Created => matches!(self, Self::Pushing),
            Self::Pushing => matches!(self, Self::Created),
            Self::Awaiting => {
                matches!(self, Self::Pushing | Self::Unknown | Self::Expired | Self::Unresolved | Self::Failed(_))
            }
            Self::Unknown => matches!(self, Self::Pushing),
            Self::PaidUnreceipted => !matches!(self, Self::PaidUnreceipted | Self::Paid | Self::Reversed),
            Self::Paid => !matches!(self, Self::Paid | Self::Reversed),
            Self::Failed(_) => matches!(
                self,
                Self::Created
                    | Self::Pushing
                    | Self::Awaiting
                    | Self::Unknown
                    | Self::Expired
                    | Self::Unresolved
                    | Self::Failed(_)
            ),
            Self::Expired => matches!(self, Self::Created | Self::Pushing | Self::Awaiting | Self::Unknown),
            Self::Unresolved => matches!(self, Self::Expired | Self::Awaiting | Self::Unknown),
            Self::Reversed => matches!(self, Self::PaidUnreceipted | Self::Paid),
        }
    }
}

/// An attempt of somebody to pay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Through which gateway; `None` over the counter.
    pub gateway: Option<GatewayId>,
    /// What for.
    pub purpose: Purpose,
    /// Whose telephone is prompted.
    pub phone: Option<Msisdn>,
    /// How much it costs: from the plan's row, never from a browser.
    pub price: Money,
    /// What the payer sees as account; the voucher's code, where that is free.
    pub reference: VoucherCode,
    /// How far it is.
    pub state: PaymentState,
    /// The gateway's number of its prompt.
    pub checkout: Option<String>,
    /// What was last said of it, in words for staff.
    pub said: Option<String>,
    /// How often the gateway was asked what became of it.
    pub looks: u32,
    /// When it is asked next.
    pub next_look_at: Option<Timestamp>,
    /// Since when a callback says that it is paid, while the gateway has not said so itself.
    pub claimed_at: Option<Timestamp>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// The device that waits to be let in.
    pub device: Option<Mac>,
    /// At which router.
    pub nas: Option<NasId>,
}

impl Payment {
    /// Most characters of a reference: what a gateway takes as account.
    pub const REFERENCE_MAX: usize = 12;
}

/// What was given for a payment: once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Activation {
    /// The payment.
    pub payment: PaymentId,
    /// The voucher that was made, or the subscriber that was renewed.
    pub holder: Holder,
    /// Its end; `None` while it waits for its first use.
    pub until: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<PaymentState> {
        let mut all = vec![
            PaymentState::Created,
            PaymentState::Pushing,
            PaymentState::Awaiting,
            PaymentState::Unknown,
            PaymentState::PaidUnreceipted,
            PaymentState::Paid,
            PaymentState::Expired,
            PaymentState::Unresolved,
            PaymentState::Reversed,
        ];
        all.extend(FailureKind::ALL.map(PaymentState::Failed));
        all
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        for state in all() {
            assert_eq!(PaymentState::from_record(state.code(), state.failure()), Some(state));
        }
        assert_eq!(PaymentState::from_record("failed", None), None);
        assert_eq!(PaymentState::from_record("paid", Some(FailureKind::NoFunds)), None);
    }

    #[test]
    fn whatever_was_said_before_late_money_wins() {
        for state in all().into_iter().filter(|state| !state.is_paid() && *state != PaymentState::Reversed) {
            assert!(state.may_become(PaymentState::Paid), "{state:?}");
            assert!(state.may_become(PaymentState::PaidUnreceipted), "{state:?}");
        }
    }

    #[test]
    fn what_is_paid_is_never_forgotten() {
        for next in all() {
            let stays = matches!(next, PaymentState::Reversed);
            assert_eq!(PaymentState::Paid.may_become(next), stays, "{next:?}");
            let told_more = stays || next == PaymentState::Paid;
            assert_eq!(PaymentState::PaidUnreceipted.may_become(next), told_more, "{next:?}");
            assert!(!PaymentState::Reversed.may_become(next), "{next:?}");
        }
    }

    #[test]
    fn a_prompt_that_may_have_been_sent_is_never_sent_again() {
        for state in all().into_iter().filter(|state| *state != PaymentState::Created) {
            assert!(!state.may_become(PaymentState::Pushing), "{state:?}");
        }
        // Only who was just told that it was certainly not sent may begin anew.
        assert!(PaymentState::Pushing.may_become(PaymentState::Created));
        assert!(!PaymentState::Unknown.may_become(PaymentState::Created));
    }
}
