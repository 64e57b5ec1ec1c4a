//! What is shown of money that has come.

use domain::money::arrival::{Arrival, ArrivalState};
use domain::money::claim::Receipt;
use domain::money::posting::Entry;
use domain::money::refund::Refund;
use domain::money::wallet::WalletOf;
use exports::table::Cell;
use policy::money::suggesting::{Suggested, Suggestion};
use serde::Serialize;
use store::money::arrivals::Note;
use utoipa::ToSchema;

use crate::money::ledger::view::EntryView;
use crate::money::payments::view::shown;
use crate::shapes::{MoneyView, moment};
use crate::uid::Uuid;

/// Money that has come, or is said to have come.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Arrival)]
pub(crate) struct ArrivalView {
    /// Its id.
    id: Uuid,
    /// To which gateway; null over the counter.
    #[schema(required = true)]
    gateway: Option<Uuid>,
    /// The gateway's number of it.
    #[schema(required = true)]
    receipt: Option<String>,
    /// How much.
    amount: MoneyView,
    /// Who told of it first: `prompt`, `confirmation`, `pull`, `statement`, `status`, `counter`, `staff`.
    source: &'static str,
    /// Whether the money is proven to have come. What is not counts nowhere.
    is_verified: bool,
    /// `pending`: nobody knows whose it is, or whether it is true; `for_payment`, `in_wallet`, `disputed`, `reversed`, or
    /// `folded`: it was found to be the same as other money.
    state: &'static str,
    /// The payment that it is for.
    #[schema(required = true)]
    payment: Option<Uuid>,
    /// In whose telephone's wallet it is.
    #[schema(required = true)]
    wallet_phone: Option<String>,
    /// In which subscriber's wallet it is.
    #[schema(required = true)]
    wallet_subscriber: Option<Uuid>,
    /// What the payer typed as account.
    account: String,
    /// The payer's number as the gateway gives it: whole, masked, or a hash.
    #[schema(required = true)]
    payer_phone: Option<String>,
    /// The payer's name, or a part of it.
    #[schema(required = true)]
    payer_name: Option<String>,
    /// When it was paid, as the gateway's clock has it.
    #[schema(required = true, format = DateTime)]
    paid_at: Option<String>,
    /// When we heard of it first.
    #[schema(format = DateTime)]
    arrived_at: String,
}

impl ArrivalView {
    pub(crate) fn of(arrival: &Arrival) -> Self {
        let (payment, wallet_phone, wallet_subscriber) = match &arrival.state {
            ArrivalState::ForPayment(id) => (Some(id.uuid().into()), None, None),
            ArrivalState::InWallet(WalletOf::Phone(phone)) => (None, Some(shown(phone)), None),
            ArrivalState::InWallet(WalletOf::Subscriber(id)) => (None, None, Some(id.uuid().into())),
            ArrivalState::Pending | ArrivalState::Disputed | ArrivalState::Reversed | ArrivalState::Folded => {
                (None, None, None)
            }
        };
        Self {
            id: arrival.id.uuid().into(),
            gateway: arrival.gateway.map(|id| id.uuid().into()),
            receipt: arrival.receipt.as_ref().map(Receipt::to_string),
            amount: arrival.amount.into(),
            source: arrival.source.code(),
            is_verified: arrival.is_verified,
            state: arrival.state.code(),
            payment,
            wallet_phone,
            wallet_subscriber,
            account: arrival.account.clone(),
            payer_phone: arrival.payer.phone.clone(),
            payer_name: arrival.payer.name.clone(),
            paid_at: moment(arrival.paid_at),
            arrived_at: arrival.arrived_at.to_string(),
        }
    }

    /// The cells of a file.
    pub(super) fn cells(self, arrival: &Arrival) -> Vec<Cell> {
        vec![
            Cell::at(arrival.paid_at),
            Cell::maybe(self.receipt),
            Cell::Number(crate::shapes::units(self.amount.minor)),
            Cell::text(self.amount.currency),
            Cell::text(self.state),
            Cell::text(if self.is_verified { "yes" } else { "no" }),
            Cell::text(self.source),
            Cell::text(self.account),
            Cell::maybe(self.payer_phone),
            Cell::maybe(self.payer_name),
            Cell::maybe(self.gateway.map(|id| id.to_string())),
            Cell::maybe(self.payment.map(|id| id.to_string())),
            Cell::at(Some(arrival.arrived_at)),
            Cell::text(self.id.to_string()),
        ]
    }
}

/// The columns of a file.
pub(super) const COLUMNS: [&str; 14] = [
    "paid_at",
    "receipt",
    "amount",
    "currency",
    "state",
    "verified",
    "source",
    "account",
    "payer_phone",
    "payer_name",
    "gateway",
    "payment",
    "arrived_at",
    "id",
];

/// A message about money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArrivalNote)]
struct NoteView {
    /// Who told it.
    source: &'static str,
    /// The receipt that it names.
    #[schema(required = true)]
    receipt: Option<String>,
    /// Whether it proves what it says.
    is_proof: bool,
    /// How much it says.
    amount: MoneyView,
    /// What was typed as account, as it says.
    account: String,
    /// When we heard it.
    #[schema(format = DateTime)]
    at: String,
}

/// An attempt to give money back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
struct RefundView {
    /// Its id.
    id: Uuid,
    /// How much.
    amount: MoneyView,
    /// `asked`, `sending`, `sent`, `done` or `failed`.
    state: &'static str,
    /// Why, in staff's words.
    why: String,
    /// What the gateway said of it.
    #[schema(required = true)]
    said: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Whose money it may be. Nothing is given by a suggestion: a person decides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArrivalSuggestion)]
struct SuggestionView {
    /// The payment, to be given to `match`.
    #[schema(required = true)]
    payment: Option<Uuid>,
    /// The subscriber, to be given to `match`.
    #[schema(required = true)]
    subscriber: Option<Uuid>,
    /// The telephone, to be given to `match`.
    #[schema(required = true)]
    phone: Option<String>,
    /// Why it may be.
    why: String,
}

impl SuggestionView {
    fn of(suggestion: &Suggestion) -> Self {
        let (payment, subscriber, phone) = match &suggestion.whom {
            Suggested::Payment(id) => (Some(id.uuid().into()), None, None),
            Suggested::Subscriber(id) => (None, Some(id.uuid().into()), None),
            Suggested::Phone(phone) => (None, None, Some(shown(phone))),
        };
        Self { payment, subscriber, phone, why: suggestion.why.clone() }
    }
}

/// Money that has come, with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArrivalStory)]
pub(super) struct StoryView {
    /// Its id.
    id: Uuid,
    /// The money.
    arrival: ArrivalView,
    /// What was told of it, oldest first.
    notes: Vec<NoteView>,
    /// Whose it may be, the likeliest first; only while nobody knows.
    suggestions: Vec<SuggestionView>,
    /// What was tried to give it back.
    refunds: Vec<RefundView>,
    /// The entries of the ledger about it.
    entries: Vec<EntryView>,
}

/// What a story is made of.
pub(super) struct Story {
    pub(super) arrival: Arrival,
    pub(super) notes: Vec<Note>,
    pub(super) suggestions: Vec<Suggestion>,
    pub(super) refunds: Vec<Refund>,
    pub(super) entries: Vec<Entry>,
}

impl StoryView {
    pub(super) fn of(story: &Story) -> Self {
        let note = |note: &Note| NoteView {
            source: note.source.code(),
            receipt: note.receipt.as_ref().map(Receipt::to_string),
            is_proof: note.is_proof,
            amount: note.amount.into(),
            account: note.account.clone(),
            at: note.at.to_string(),
        };
        let refund = |refund: &Refund| RefundView {
            id: refund.id.uuid().into(),
            amount: refund.amount.into(),
            state: refund.state.code(),
            why: refund.why.clone(),
            said: refund.said.clone(),
            created_at: refund.created_at.to_string(),
        };
        Self {
            id: story.arrival.id.uuid().into(),
            arrival: ArrivalView::of(&story.arrival),
            notes: story.notes.iter().map(note).collect(),
            suggestions: story.suggestions.iter().map(SuggestionView::of).collect(),
            refunds: story.refunds.iter().map(refund).collect(),
            entries: story.entries.iter().map(EntryView::of).collect(),
        }
    }
}
