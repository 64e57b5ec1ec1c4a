//! What a person does about a trouble with money: the one deed that is right, as things stand.

use domain::id::{ArrivalId, PaymentId};
use domain::money::arrival::{Arrival, ArrivalState};
use domain::money::payment::Payment;
use domain::support::exception::ExceptionKind;

/// What a trouble is about, as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About<'a> {
    /// A payment.
    Payment(&'a Payment),
    /// Money that has come.
    Arrival(&'a Arrival),
}

/// What is done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Give what was paid for.
    Serve(PaymentId),
    /// Ask the gateway what became of it.
    LookUp(PaymentId),
    /// Say whose it is.
    Match(ArrivalId),
    /// Answer for it that it has come.
    Accept(ArrivalId),
    /// Look at a payment, and judge.
    SeePayment(PaymentId),
    /// Look at money, and judge.
    SeeArrival(ArrivalId),
}

/// What is done about a trouble with money; `None` for troubles of other kinds.
pub fn remedy(kind: ExceptionKind, about: About<'_>) -> Option<Remedy> {
    let (is_served_by_us, is_matched_by_us) = match kind {
        ExceptionKind::PaidNotServed => (true, false),
        ExceptionKind::MoneyUnmatched => (false, true),
        ExceptionKind::AmountDiffers | ExceptionKind::MoneyReversed => (false, false),
        ExceptionKind::SessionNotFollowing
        | ExceptionKind::RouterSilent
        | ExceptionKind::RouterGone
        | ExceptionKind::JobParked
        | ExceptionKind::MessageNotSent => return None,
    };
    Some(match about {
        About::Payment(payment) if is_served_by_us && payment.state.is_paid() => Remedy::Serve(payment.id),
        About::Payment(payment) if is_served_by_us && payment.checkout.is_some() => Remedy::LookUp(payment.id),
        About::Payment(payment) => Remedy::SeePayment(payment.id),
        About::Arrival(arrival) if is_matched_by_us => match (&arrival.state, arrival.is_verified) {
            (ArrivalState::Pending | ArrivalState::Disputed, true) => Remedy::Match(arrival.id),
            (ArrivalState::Pending, false) => Remedy::Accept(arrival.id),
            (_, _) => Remedy::SeeArrival(arrival.id),
        },
        About::Arrival(arrival) => Remedy::SeeArrival(arrival.id),
    })
}

#[cfg(test)]
mod tests {
    use domain::id::SubscriberId;
    use domain::money::arrival::Source;
    use domain::money::claim::Payer;
    use domain::money::payment::{PaymentState, Purpose};
    use domain::money::{Currency, Money};
    use domain::time::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const MONEY: Money = Money::from_minor(2_000, Currency::KES);

    fn payment(state: PaymentState, checkout: Option<&str>) -> Payment {
        Payment {
            id: PaymentId::from_bytes([1; 16]),
            gateway: None,
            purpose: Purpose::Renewal { subscriber: SubscriberId::from_bytes([2; 16]) },
            phone: None,
            price: MONEY,
            reference: "H7K2M9qa".parse().expect("good"),
            state,
            checkout: checkout.map(str::to_owned),
            said: None,
            looks: 0,
            next_look_at: None,
            claimed_at: None,
            created_at: NOW,
            device: None,
            nas: None,
        }
    }

    fn arrival(state: ArrivalState, is_verified: bool) -> Arrival {
        Arrival {
            id: ArrivalId::from_bytes([3; 16]),
            gateway: None,
            receipt: None,
            is_receipt_proven: false,
            is_of_prompt: false,
            amount: MONEY,
            source: Source::Confirmation,
            is_verified,
            state,
            account: String::new(),
            payer: Payer::default(),
            paid_at: None,
            arrived_at: NOW,
        }
    }

    #[test]
    fn what_is_paid_is_served_and_what_is_only_said_to_be_is_looked_up() {
        let unserved = ExceptionKind::PaidNotServed;
        let paid = payment(PaymentState::Paid, Some("ws_CO_1"));
        let claimed = payment(PaymentState::Awaiting, Some("ws_CO_1"));
        let lost = payment(PaymentState::Unknown, None);

        assert_eq!(remedy(unserved, About::Payment(&paid)), Some(Remedy::Serve(paid.id)));
        assert_eq!(remedy(unserved, About::Payment(&claimed)), Some(Remedy::LookUp(claimed.id)));
        assert_eq!(remedy(unserved, About::Payment(&lost)), Some(Remedy::SeePayment(lost.id)));
        assert_eq!(remedy(ExceptionKind::AmountDiffers, About::Payment(&paid)), Some(Remedy::SeePayment(paid.id)));
    }

    #[test]
    fn what_is_proven_is_matched_and_what_is_not_is_accepted() {
        let unmatched = ExceptionKind::MoneyUnmatched;
        let proven = arrival(ArrivalState::Pending, true);
        let said = arrival(ArrivalState::Pending, false);
        let never = arrival(ArrivalState::Disputed, false);

        assert_eq!(remedy(unmatched, About::Arrival(&proven)), Some(Remedy::Match(proven.id)));
        assert_eq!(remedy(unmatched, About::Arrival(&said)), Some(Remedy::Accept(said.id)));
        assert_eq!(remedy(unmatched, About::Arrival(&never)), Some(Remedy::SeeArrival(never.id)));
        assert_eq!(remedy(ExceptionKind::MoneyReversed, About::Arrival(&proven)), Some(Remedy::SeeArrival(proven.id)));
        assert_eq!(remedy(ExceptionKind::RouterSilent, About::Arrival(&proven)), None);
    }
}
