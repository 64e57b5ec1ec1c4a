//! The end of a day: what the gateway's own books say against what we hold, money by money.

use domain::money::Money;
use domain::money::arrival::{Arrival, ArrivalState};

/// What is known of one sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// The money.
    pub arrival: &'a Arrival,
    /// How much the gateway's books, or a statement of it, say that it is; `None` where they do not have it.
    pub told: Option<Money>,
    /// Whether its books were read for that time at all.
    pub are_books_read: bool,
    /// Whether what it paid for was given.
    pub is_served: bool,
}

/// What is not as it should be with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Difference {
    /// The gateway's books say another amount.
    Amount,
    /// We count it, and the gateway's books, which were read, do not have it.
    NotInBooks,
    /// A message tells of it, and nobody could verify it.
    Unproven,
    /// It has come, and nobody knows whose it is.
    Nobodys,
    /// Somebody says that something is wrong with it.
    Disputed,
    /// It went back.
    Reversed,
    /// It was for a payment, and what that bought was not given.
    NotServed,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Amount,
        Self::NotInBooks,
        Self::Unproven,
        Self::Nobodys,
        Self::Disputed,
        Self::Reversed,
        Self::NotServed,
    ];

    /// Its name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::NotInBooks => "not_in_books",
            Self::Unproven => "unproven",
            Self::Nobodys => "nobodys",
            Self::Disputed => "disputed",
            Self::Reversed => "reversed",
            Self::NotServed => "not_served",
        }
    }

    /// What it means and what to do, in words for staff.
    pub const fn say(self) -> &'static str {
        match self {
            Self::Amount => "the gateway's books say another amount: look the receipt up in the M-Pesa portal",
            Self::NotInBooks => {
                "we count it, and the gateway's books do not have it: look the receipt up in the M-Pesa portal"
            }
            Self::Unproven => {
                "a message tells of it, and nobody could verify it: if you see it in the statement, accept it"
            }
            Self::Nobodys => "nobody knows whose it is: match it",
            Self::Disputed => "it is disputed: match it, or give it back",
            Self::Reversed => "it went back to whoever paid: look whether what it bought is to be taken back",
            Self::NotServed => "it is for a payment that was not served: serve it, or give it back",
        }
    }
}

/// What is not as it should be with one sum, the worst of it; `None` when nothing is.
pub fn difference(facts: &Facts<'_>) -> Option<Difference> {
    let arrival = facts.arrival;
    if facts.told.is_some_and(|told| told != arrival.amount) {
        return Some(Difference::Amount);
    }
    match &arrival.state {
        ArrivalState::Folded => return None,
        ArrivalState::Reversed => return Some(Difference::Reversed),
        ArrivalState::Disputed => return Some(Difference::Disputed),
        ArrivalState::Pending if !arrival.is_verified => return Some(Difference::Unproven),
        ArrivalState::Pending => return Some(Difference::Nobodys),
        ArrivalState::ForPayment(_) | ArrivalState::InWallet(_) => {}
    }
    if arrival.gateway.is_some() && facts.are_books_read && facts.told.is_none() {
        return Some(Difference::NotInBooks);
    }
    let is_unserved = matches!(arrival.state, ArrivalState::ForPayment(_)) && !facts.is_served;
    is_unserved.then_some(Difference::NotServed)
}

#[cfg(test)]
mod tests {
    use domain::id::{ArrivalId, GatewayId, PaymentId};
    use domain::money::Currency;
    use domain::money::arrival::Source;
    use domain::money::claim::Payer;
    use domain::time::Timestamp;

    use super::*;

    fn ksh(minor: i64) -> Money {
        Money::from_minor(minor, Currency::KES)
    }

    fn arrival(state: ArrivalState, is_verified: bool) -> Arrival {
        Arrival {
            id: ArrivalId::from_bytes([1; 16]),
            gateway: Some(GatewayId::from_bytes([2; 16])),
            receipt: "UAF3K7Q2ZD".parse().ok(),
            is_receipt_proven: true,
            is_of_prompt: false,
            amount: ksh(2_000),
            source: Source::Prompt,
            is_verified,
            state,
            account: String::new(),
            payer: Payer::default(),
            paid_at: None,
            arrived_at: Timestamp::from_seconds(1_795_000_000),
        }
    }

    fn found(arrival: &Arrival, told: Option<i64>, are_books_read: bool, is_served: bool) -> Option<Difference> {
        difference(&Facts { arrival, told: told.map(ksh), are_books_read, is_served })
    }

    #[test]
    fn money_that_both_have_and_that_was_served_is_no_difference() {
        let good = arrival(ArrivalState::ForPayment(PaymentId::from_bytes([3; 16])), true);

        assert_eq!(found(&good, Some(2_000), true, true), None);
        assert_eq!(found(&good, None, false, true), None, "the books were not read");
    }

    #[test]
    fn what_the_books_do_not_have_or_have_otherwise_is_told() {
        let good = arrival(ArrivalState::ForPayment(PaymentId::from_bytes([3; 16])), true);
        let cash = Arrival { gateway: None, ..good.clone() };

        assert_eq!(found(&good, None, true, true), Some(Difference::NotInBooks));
        assert_eq!(found(&good, Some(1_500), true, true), Some(Difference::Amount));
        assert_eq!(found(&good, Some(2_000), true, false), Some(Difference::NotServed));
        assert_eq!(found(&cash, None, true, true), None, "no gateway has cash in its books");
    }

    #[test]
    fn what_waits_for_a_person_is_told() {
        for (state, is_verified, expected) in [
            (ArrivalState::Pending, false, Difference::Unproven),
            (ArrivalState::Pending, true, Difference::Nobodys),
            (ArrivalState::Disputed, true, Difference::Disputed),
            (ArrivalState::Reversed, true, Difference::Reversed),
        ] {
            assert_eq!(found(&arrival(state, is_verified), Some(2_000), true, false), Some(expected));
        }
        assert_eq!(found(&arrival(ArrivalState::Folded, false), None, true, false), None);
    }
}
