//! The ledger's words. An entry moves money between accounts and sums to zero; what an account was given is positive.
//!
//! Money in a [`Account::Gateway`] or in [`Account::Cash`] is the ISP's, so it is positive there. What the ISP owes or has
//! earned for it is negative in [`Account::Wallet`], [`Account::Suspense`], [`Account::Refunds`] and [`Account::Sales`].

use std::collections::BTreeMap;

use thiserror::Error;

use crate::id::{ArrivalId, EntryId, GatewayId, PaymentId, RefundId};
use crate::money::wallet::WalletOf;
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// Where money is, or for what it was given.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Account {
    /// With a gateway.
    Gateway(GatewayId),
    /// In the drawer.
    Cash,
    /// What was sold.
    Sales,
    /// Paid and not yet used.
    Wallet(WalletOf),
    /// It has come, and nobody knows whose it is.
    Suspense,
    /// On its way back to whoever paid.
    Refunds,
}

impl Account {
    /// Its name in records, without whose.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Gateway(_) => "gateway",
            Self::Cash => "cash",
            Self::Sales => "sales",
            Self::Wallet(WalletOf::Phone(_)) => "wallet_phone",
            Self::Wallet(WalletOf::Subscriber(_)) => "wallet_subscriber",
            Self::Suspense => "suspense",
            Self::Refunds => "refunds",
        }
    }
}

/// What an account is given, or, where it is negative, what is taken from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// How much; never zero.
    pub amount: Money,
}

impl Posting {
    /// One posting.
    pub const fn of(account: Account, amount: Money) -> Self {
        Self { account, amount }
    }
}

/// Postings that sum to zero: nothing comes from nowhere, and nothing is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Postings(Vec<Posting>);

impl Postings {
    /// Most postings of one entry.
    pub const COUNT_MAX: usize = 16;

    /// Checks that they sum to zero in each currency. Those of nothing are left out.
    pub fn new(postings: Vec<Posting>) -> Result<Self, NotBalanced> {
        let postings: Vec<Posting> = postings.into_iter().filter(|one| one.amount.minor() != 0).collect();
        if !(2..=Self::COUNT_MAX).contains(&postings.len()) {
            return Err(NotBalanced::Count(postings.len()));
        }
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for one in &postings {
            *sums.entry(one.amount.currency().code().to_owned()).or_default() += i128::from(one.amount.minor());
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, sum)) => Err(NotBalanced::Sum(currency, sum)),
            None => Ok(Self(postings)),
        }
    }

    /// From one account to another.
    pub fn between(from: Account, to: Account, amount: Money) -> Result<Self, NotBalanced> {
        Self::new(vec![Posting::of(to, amount), Posting::of(from, amount.negated())])
    }

    /// Each of them.
    pub fn all(&self) -> &[Posting] {
        &self.0
    }

    /// What an account is given by all of them together.
    pub fn given_to(&self, account: &Account, currency: Currency) -> i64 {
        let of = self.0.iter().filter(|one| one.account == *account && one.amount.currency() == currency);
        of.fold(0, |sum, one| sum.saturating_add(one.amount.minor()))
    }
}

/// Why postings are no entry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotBalanced {
    /// Not between two accounts, or between too many.
    #[error("an entry has 2 to {max} postings, not {0}", max = Postings::COUNT_MAX)]
    Count(usize),
    /// The sum is not zero.
    #[error("the postings sum to {1} of {0} and not to zero")]
    Sum(String, i128),
}

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EntryKind {
    /// Money has come.
    Arrival,
    /// It is known now whose money it is that had come.
    Matching,
    /// Something was sold for money that had come.
    Sale,
    /// Something that was sold is given back into the wallet.
    Undoing,
    /// Money leaves, back to whoever paid.
    Reversal,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Arrival, Self::Matching, Self::Sale, Self::Undoing, Self::Reversal];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Matching => "matching",
            Self::Sale => "sale",
            Self::Undoing => "undoing",
            Self::Reversal => "reversal",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// An entry of the ledger: added once, never changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// When it was written.
    pub at: Timestamp,
    /// What about.
    pub kind: EntryKind,
    /// The money that came.
    pub arrival: Option<ArrivalId>,
    /// The payment.
    pub payment: Option<PaymentId>,
    /// The way back.
    pub refund: Option<RefundId>,
    /// What it moves.
    pub postings: Postings,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ksh(minor: i64) -> Money {
        Money::from_minor(minor, Currency::KES)
    }

    #[test]
    fn what_comes_from_somewhere_goes_somewhere() {
        let good = Postings::between(Account::Suspense, Account::Sales, ksh(2_000)).expect("balanced");

        assert_eq!(good.given_to(&Account::Sales, Currency::KES), 2_000);
        assert_eq!(good.given_to(&Account::Suspense, Currency::KES), -2_000);
        assert_eq!(good.given_to(&Account::Cash, Currency::KES), 0);
    }

    #[test]
    fn two_currencies_do_not_make_up_for_each_other() {
        let usd = Money::from_minor(-5, Currency::from_code("USD").expect("good"));
        let mixed = Postings::new(vec![Posting::of(Account::Cash, ksh(5)), Posting::of(Account::Sales, usd)]);

        assert!(matches!(mixed, Err(NotBalanced::Sum(..))), "{mixed:?}");
    }

    #[test]
    fn nothing_is_no_entry() {
        assert_eq!(Postings::between(Account::Cash, Account::Sales, ksh(0)), Err(NotBalanced::Count(0)));
        assert_eq!(Postings::new(Vec::new()), Err(NotBalanced::Count(0)));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_for_an_entry_sums_to_zero(minors in proptest::collection::vec(-5_i64..5, 0..8)) {
            let postings = minors.iter().map(|minor| Posting::of(Account::Suspense, ksh(*minor))).collect();

            let taken = Postings::new(postings);

            let sum: i64 = minors.iter().sum();
            prop_assert_eq!(taken.is_ok(), sum == 0 && minors.iter().filter(|minor| **minor != 0).count() >= 2);
        }
    }
}
