//! What is shown of the books.

use domain::money::Money;
use domain::money::posting::{Account, Entry, Posting};
use domain::money::wallet::WalletOf;
use serde::Serialize;
use store::money::ledger::listing::Wallet;
use store::money::proof::Day;
use utoipa::ToSchema;

use crate::money::payments::view::shown;
use crate::shapes::MoneyView;
use crate::uid::Uuid;

/// An amount that may be less than nothing, in the smallest unit of its currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Sum)]
pub(crate) struct SumView {
    /// Units of the smallest kind; less than nothing is taken away.
    #[schema(example = -2000)]
    minor: i64,
    /// Three letters (ISO 4217).
    #[schema(pattern = "^[A-Z]{3}$", example = "KES")]
    currency: String,
}

impl From<Money> for SumView {
    fn from(money: Money) -> Self {
        Self { minor: money.minor(), currency: money.currency().code().to_owned() }
    }
}

/// What an account is given, or, where it is less than nothing, what is taken from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Posting)]
struct PostingView {
    /// The kind of account: `gateway`, `cash`, `sales`, `wallet_phone`, `wallet_subscriber`, `suspense`, `refunds`.
    account: &'static str,
    /// The gateway.
    #[schema(required = true)]
    gateway: Option<Uuid>,
    /// Whose telephone's wallet.
    #[schema(required = true)]
    phone: Option<String>,
    /// Whose wallet.
    #[schema(required = true)]
    subscriber: Option<Uuid>,
    /// How much.
    amount: SumView,
}

impl PostingView {
    fn of(posting: &Posting) -> Self {
        let account = posting.account.code();
        let amount = posting.amount.into();
        let (gateway, phone, subscriber) = match &posting.account {
            Account::Gateway(id) => (Some(id.uuid().into()), None, None),
            Account::Wallet(WalletOf::Phone(phone)) => (None, Some(shown(phone)), None),
            Account::Wallet(WalletOf::Subscriber(id)) => (None, None, Some(id.uuid().into())),
            Account::Cash | Account::Sales | Account::Suspense | Account::Refunds => (None, None, None),
        };
        Self { account, gateway, phone, subscriber, amount }
    }
}

/// An entry of the ledger: written once, never changed. Its postings sum to zero.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(crate) struct EntryView {
    /// Its id.
    id: Uuid,
    /// When it was written.
    #[schema(format = DateTime)]
    at: String,
    /// What about: `arrival`, `matching`, `sale`, `undoing`, `reversal`.
    kind: &'static str,
    /// The money that came.
    #[schema(required = true)]
    arrival: Option<Uuid>,
    /// The payment.
    #[schema(required = true)]
    payment: Option<Uuid>,
    /// The way back.
    #[schema(required = true)]
    refund: Option<Uuid>,
    /// What it moves.
    postings: Vec<PostingView>,
}

impl EntryView {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id.uuid().into(),
            at: entry.at.to_string(),
            kind: entry.kind.code(),
            arrival: entry.arrival.map(|id| id.uuid().into()),
            payment: entry.payment.map(|id| id.uuid().into()),
            refund: entry.refund.map(|id| id.uuid().into()),
            postings: entry.postings.all().iter().map(PostingView::of).collect(),
        }
    }
}

/// What somebody has paid and not yet used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(super) struct WalletView {
    /// Whose telephone's.
    #[schema(required = true)]
    phone: Option<String>,
    /// Whose.
    #[schema(required = true)]
    subscriber: Option<Uuid>,
    /// How much is in it.
    balance: MoneyView,
}

impl WalletView {
    pub(super) fn of(wallet: &Wallet) -> Self {
        let (phone, subscriber) = match &wallet.of {
            WalletOf::Phone(phone) => (Some(shown(phone)), None),
            WalletOf::Subscriber(id) => (None, Some(id.uuid().into())),
        };
        Self { phone, subscriber, balance: wallet.balance.into() }
    }
}

/// A closed day of the books.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProofDay)]
pub(super) struct DayView {
    /// Its number; the first is 1.
    place: u32,
    /// Its first moment.
    #[schema(format = DateTime)]
    begins_at: String,
    /// The first moment after it.
    #[schema(format = DateTime)]
    ends_at: String,
    /// Entries that were written in it.
    entries: u64,
    /// Messages about money that came in it.
    notes: u64,
    /// Their digest, in hex.
    digest: String,
    /// The hash of this day after the one before, in hex. Keep the last one somewhere else.
    hash: String,
    /// When it was closed.
    #[schema(format = DateTime)]
    closed_at: String,
}

impl DayView {
    pub(super) fn of(day: &Day) -> Self {
        Self {
            place: day.place,
            begins_at: day.begins_at.to_string(),
            ends_at: day.ends_at.to_string(),
            entries: day.entries,
            notes: day.notes,
            digest: hex::encode(day.digest),
            hash: hex::encode(day.hash),
            closed_at: day.closed_at.to_string(),
        }
    }
}

/// Whether the books are whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerVerified)]
pub(super) struct VerifiedView {
    /// Whether nothing is wrong.
    pub(super) is_whole: bool,
    /// Entries there are.
    pub(super) entries: u64,
    /// Entries that do not sum to zero.
    pub(super) unbalanced: u64,
    /// Wallets that do not have what the ledger says.
    pub(super) wallets_astray: u64,
    /// Verified money that is not in the ledger, or is there with another amount.
    pub(super) arrivals_astray: u64,
    /// Closed days that are as they were closed.
    pub(super) days: u32,
    /// The hash that the last of them ends with, in hex.
    pub(super) head: String,
    /// The first thing that is wrong with the closed days.
    #[schema(required = true)]
    pub(super) fault: Option<String>,
}
