//! What is said of a payment, and what becomes of it. Only what the gateway says when *we* ask it is believed of money.

use domain::money::claim::Ended;
use domain::money::payment::PaymentState;
use domain::money::{Money, MoneyError};

/// Who says it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Voice {
    /// The gateway, because we asked it.
    Gateway,
    /// Whoever knows the callback's address.
    Callback,
}

/// What becomes of a payment after something was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The state that it gets.
    pub state: Option<PaymentState>,
    /// Whether money is proven to have come by its prompt.
    pub has_paid: bool,
    /// Whether it is said to be paid, and the gateway is to be asked at once.
    pub is_claimed: bool,
    /// Whether it is looked for what becomes of it from now on.
    pub is_watched: bool,
}

/// Judges what is said of a payment's prompt.
///
/// A claim of payment moves nothing but our attention. A claim of failure shows on the page, and we go on looking: a
/// forged one must not hide money.
pub fn judge(state: PaymentState, ended: &Ended, voice: Voice) -> Verdict {
    let still = Verdict { state: None, has_paid: false, is_claimed: false, is_watched: is_watched(state) };
    if matches!(state, PaymentState::Reversed) {
        return Verdict { is_watched: false, ..still };
    }
    match (ended, voice) {
        (Ended::Paid { .. }, Voice::Gateway) => Verdict { has_paid: true, is_watched: false, ..still },
        (Ended::Paid { .. }, Voice::Callback) if state.is_paid() => still,
        (Ended::Paid { .. }, Voice::Callback) => Verdict { is_claimed: true, is_watched: true, ..still },
        (Ended::Failed(_), _) if state.is_paid() => still,
        (Ended::Failed(failure), voice) => {
            let next = PaymentState::Failed(failure.kind);
            let state = (state != next && state.may_become(next)).then_some(next);
            Verdict { state, is_watched: voice == Voice::Callback, ..still }
        }
        (Ended::Open { .. }, _) => still,
    }
}

const fn is_watched(state: PaymentState) -> bool {
    !matches!(state, PaymentState::PaidUnreceipted | PaymentState::Paid | PaymentState::Reversed)
}

/// Whether something is given for what is in a wallet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sale {
    /// It is, for its price.
    Serve,
    /// It was before: what has come since stays in the wallet.
    Served,
    /// So much is missing.
    Short(Money),
}

/// Whether what was paid for is given. `wallet` is what is in the wallet with what has just come.
pub fn sale(price: Money, wallet: Money, was_served: bool) -> Result<Sale, MoneyError> {
    if was_served {
        return Ok(Sale::Served);
    }
    let missing = price.minus(wallet)?;
    Ok(if missing.is_positive() { Sale::Short(missing) } else { Sale::Serve })
}

/// The state of a payment for which money has come.
pub fn paid_state(state: PaymentState, has_receipt: bool) -> Option<PaymentState> {
    let next = if has_receipt { PaymentState::Paid } else { PaymentState::PaidUnreceipted };
    state.may_become(next).then_some(next)
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use domain::money::claim::{Failure, FailureKind, Payer};

    use super::*;

    const PAID: Ended = Ended::Paid { receipt: None, amount: None, at: None, payer: Payer { phone: None, name: None } };

    fn failed(kind: FailureKind) -> Ended {
        Ended::Failed(Failure { kind, code: "1032".to_owned(), words: String::new() })
    }

    #[test]
    fn a_callback_alone_pays_nothing() {
        let verdict = judge(PaymentState::Awaiting, &PAID, Voice::Callback);

        assert_eq!(verdict, Verdict { state: None, has_paid: false, is_claimed: true, is_watched: true });
        assert!(judge(PaymentState::Awaiting, &PAID, Voice::Gateway).has_paid);
    }

    #[test]
    fn a_failure_that_a_callback_tells_is_shown_and_watched() {
        let cancelled = failed(FailureKind::Cancelled);

        let told = judge(PaymentState::Awaiting, &cancelled, Voice::Callback);
        let asked = judge(PaymentState::Awaiting, &cancelled, Voice::Gateway);

        assert_eq!((told.state, told.is_watched), (Some(PaymentState::Failed(FailureKind::Cancelled)), true));
        assert_eq!((asked.state, asked.is_watched), (Some(PaymentState::Failed(FailureKind::Cancelled)), false));
    }

    #[test]
    fn a_failure_after_success_changes_nothing_and_success_after_failure_does() {
        let cancelled = failed(FailureKind::Cancelled);

        for state in [PaymentState::Paid, PaymentState::PaidUnreceipted] {
            for voice in [Voice::Gateway, Voice::Callback] {
                assert_eq!(judge(state, &cancelled, voice).state, None);
            }
        }
        assert!(judge(PaymentState::Failed(FailureKind::Cancelled), &PAID, Voice::Gateway).has_paid);
        assert!(judge(PaymentState::Unresolved, &PAID, Voice::Gateway).has_paid);
    }

    #[test]
    fn something_is_given_once_for_at_least_its_price() {
        let ksh = |minor| Money::from_minor(minor, Currency::KES);

        assert_eq!(sale(ksh(2_000), ksh(2_000), false), Ok(Sale::Serve));
        assert_eq!(sale(ksh(2_000), ksh(5_000), false), Ok(Sale::Serve));
        assert_eq!(sale(ksh(2_000), ksh(1_500), false), Ok(Sale::Short(ksh(500))));
        assert_eq!(sale(ksh(2_000), ksh(9_000), true), Ok(Sale::Served));
    }
}
