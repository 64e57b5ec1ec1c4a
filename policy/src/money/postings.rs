//! What is posted when money comes, is given an owner, buys something, or goes.

use domain::money::posting::{Account, NotBalanced, Postings};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};

/// Whose money is that has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Somebody's, into whose wallet it goes.
    Wallet(WalletOf),
    /// Nobody knows.
    Nobody,
}

impl Owner {
    /// The account that holds it.
    pub fn account(&self) -> Account {
        match self {
            Self::Wallet(of) => Account::Wallet(of.clone()),
            Self::Nobody => Account::Suspense,
        }
    }
}

/// Money has come into a gateway or the drawer.
pub fn arrival(place: Account, owner: &Owner, amount: Money) -> Result<Postings, NotBalanced> {
    Postings::between(owner.account(), place, amount)
}

/// It is known now whose it is.
pub fn matching(of: WalletOf, amount: Money) -> Result<Postings, NotBalanced> {
    Postings::between(Account::Suspense, Account::Wallet(of), amount.negated())
}

/// Something is sold for what is in a wallet.
pub fn sale(of: WalletOf, price: Money) -> Result<Postings, NotBalanced> {
    Postings::between(Account::Sales, Account::Wallet(of), price)
}

/// What was sold is taken back, and the money goes into the wallet again.
pub fn undoing(of: WalletOf, price: Money) -> Result<Postings, NotBalanced> {
    Postings::between(Account::Wallet(of), Account::Sales, price)
}

/// Money is set aside to be sent back: out of a wallet or of suspense.
pub fn set_aside(owner: &Owner, amount: Money) -> Result<Postings, NotBalanced> {
    Postings::between(Account::Refunds, owner.account(), amount)
}

/// It was not sent back after all.
pub fn put_back(owner: &Owner, amount: Money) -> Result<Postings, NotBalanced> {
    Postings::between(owner.account(), Account::Refunds, amount)
}

/// What was set aside has left the gateway.
pub fn sent_back(place: Account, amount: Money) -> Result<Postings, NotBalanced> {
    Postings::between(place, Account::Refunds, amount)
}

/// The gateway has taken money back by itself. `held`: what its owner's account still has of it; the rest was used to buy
/// something, and is missing in sales.
pub fn taken_back(place: Account, owner: &Owner, amount: Money, held: Money) -> Result<Postings, NotBalanced> {
    let held = Money::from_minor(held.minor().clamp(0, amount.minor()), amount.currency());
    let rest = Money::from_minor(amount.minor().saturating_sub(held.minor()), amount.currency());
    Postings::new(vec![
        domain::money::posting::Posting::of(place, amount.negated()),
        domain::money::posting::Posting::of(owner.account(), held),
        domain::money::posting::Posting::of(Account::Sales, rest),
    ])
}

/// What a wallet has, by its account in the ledger: what is owed is negative there.
pub const fn in_wallet(posted_minor: i64, currency: Currency) -> Money {
    Money::from_minor(posted_minor.saturating_neg(), currency)
}
