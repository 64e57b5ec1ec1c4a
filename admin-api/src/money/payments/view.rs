//! What is shown of payments: the row of a list, and the whole story of one.

use domain::access::facts::Holder;
use domain::money::arrival::Arrival;
use domain::money::claim::FailureKind;
use domain::money::payment::{Activation, Payment, PaymentState, Purpose};
use domain::money::posting::Entry;
use domain::phone::Msisdn;
use domain::time::Timestamp;
use exports::table::Cell;
use serde::Serialize;
use store::money::callbacks::Kept;
use utoipa::ToSchema;

use crate::access::whose::HolderView;
use crate::money::arrivals::view::ArrivalView;
use crate::money::ledger::view::EntryView;
use crate::shapes::{MoneyView, moment, units};
use crate::uid::Uuid;

/// Most characters of a callback that are shown.
const BODY_SHOWN: usize = 4_000;

/// An attempt of somebody to pay.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentView {
    /// Its id.
    id: Uuid,
    /// What is bought: `voucher` or `renewal`.
    buys: &'static str,
    /// The plan, of a voucher.
    #[schema(required = true)]
    plan: Option<Uuid>,
    /// The subscriber whose next period it is.
    #[schema(required = true)]
    subscriber: Option<Uuid>,
    /// Who buys a voucher.
    #[schema(required = true)]
    buyer: Option<String>,
    /// Whose telephone was prompted; null where nobody's was.
    #[schema(required = true)]
    phone: Option<String>,
    /// Through which gateway; null over the counter.
    #[schema(required = true)]
    gateway: Option<Uuid>,
    /// How much it costs.
    price: MoneyView,
    /// What the payer sees as account; a voucher's code, once it is bought.
    reference: String,
    /// `created`, `pushing`, `awaiting`, `unknown`, `paid_unreceipted`, `paid`, `failed`, `expired`, `unresolved`,
    /// `reversed`.
    state: &'static str,
    /// Why it failed: `cancelled`, `wrong_pin`, `no_funds`, and others.
    #[schema(required = true)]
    failure: Option<&'static str>,
    /// What was last said of it.
    #[schema(required = true)]
    said: Option<String>,
    /// The gateway's number of its prompt.
    #[schema(required = true)]
    checkout: Option<String>,
    /// How often the gateway was asked what became of it.
    looks: u32,
    /// When it is asked next.
    #[schema(required = true, format = DateTime)]
    next_look_at: Option<String>,
    /// Since when a callback says that it is paid, while the gateway has not said so itself.
    #[schema(required = true, format = DateTime)]
    claimed_at: Option<String>,
    /// The device that waits to be let in.
    #[schema(required = true)]
    device: Option<String>,
    /// At which router.
    #[schema(required = true)]
    router: Option<Uuid>,
    /// When it was begun.
    #[schema(format = DateTime)]
    created_at: String,
}

impl PaymentView {
    pub(crate) fn of(payment: &Payment) -> Self {
        let (plan, subscriber, buyer) = match &payment.purpose {
            Purpose::Voucher { plan, buyer, .. } => (Some(plan.uuid().into()), None, Some(shown(buyer))),
            Purpose::Renewal { subscriber } => (None, Some(subscriber.uuid().into()), None),
        };
        Self {
            id: payment.id.uuid().into(),
            buys: payment.purpose.code(),
            plan,
            subscriber,
            buyer,
            phone: payment.phone.as_ref().map(shown),
            gateway: payment.gateway.map(|id| id.uuid().into()),
            price: payment.price.into(),
            reference: payment.reference.expose().to_owned(),
            state: payment.state.code(),
            failure: payment.state.failure().map(FailureKind::code),
            said: payment.said.clone(),
            checkout: payment.checkout.clone(),
            looks: payment.looks,
            next_look_at: moment(payment.next_look_at),
            claimed_at: moment(payment.claimed_at),
            device: payment.device.map(|mac| mac.to_string()),
            router: payment.nas.map(|id| id.uuid().into()),
            created_at: payment.created_at.to_string(),
        }
    }

    /// The cells of a file.
    pub(super) fn cells(self, payment: &Payment) -> Vec<Cell> {
        vec![
            Cell::at(Some(payment.created_at)),
            Cell::text(self.reference),
            Cell::text(self.buys),
            Cell::maybe(self.phone.or(self.buyer)),
            Cell::Number(units(payment.price.minor())),
            Cell::text(self.price.currency),
            Cell::text(self.state),
            Cell::maybe(self.failure),
            Cell::maybe(self.said),
            Cell::maybe(self.gateway.map(|id| id.to_string())),
            Cell::maybe(self.plan.map(|id| id.to_string())),
            Cell::maybe(self.subscriber.map(|id| id.to_string())),
            Cell::text(self.id.to_string()),
        ]
    }
}

/// The columns of a file.
pub(super) const COLUMNS: [&str; 13] = [
    "created_at",
    "reference",
    "buys",
    "phone",
    "price",
    "currency",
    "state",
    "failure",
    "said",
    "gateway",
    "plan",
    "subscriber",
    "id",
];

/// A number as staff sees it: whole, for they are asked about it.
pub(crate) fn shown(phone: &Msisdn) -> String {
    phone.expose().to_owned()
}

/// A step of a payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentStep)]
struct StepView {
    /// What it became.
    state: &'static str,
    /// Why it failed.
    #[schema(required = true)]
    failure: Option<&'static str>,
    /// What was said of it then.
    #[schema(required = true)]
    said: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// What came to the address of its prompt's callback. Nothing of it is true because it says so.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentCallback)]
struct CallbackView {
    /// When it came.
    #[schema(format = DateTime)]
    at: String,
    /// From which address.
    #[schema(required = true)]
    source: Option<String>,
    /// What it says: the first 4,000 characters.
    body: String,
    /// What came of it; null while it is to be read.
    #[schema(required = true)]
    outcome: Option<String>,
}

/// What was given for a payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentActivation)]
pub(crate) struct ActivationView {
    /// The voucher that was made, or the subscriber that was renewed.
    holder: HolderView,
    /// Its end; null while it waits for its first use.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// When it was given.
    #[schema(format = DateTime)]
    at: String,
}

impl ActivationView {
    pub(crate) fn of(activation: &Activation) -> Self {
        let holder: Holder = activation.holder;
        Self { holder: holder.into(), until: moment(activation.until), at: activation.at.to_string() }
    }
}

/// The whole story of a payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentStory)]
pub(crate) struct StoryView {
    /// Its id.
    id: Uuid,
    /// The payment.
    payment: PaymentView,
    /// How it came to where it is, the first step first.
    steps: Vec<StepView>,
    /// What was said to us of its prompt.
    callbacks: Vec<CallbackView>,
    /// The money that has come for it.
    arrivals: Vec<ArrivalView>,
    /// The entries of the ledger about it.
    entries: Vec<EntryView>,
    /// What was given for it.
    #[schema(required = true)]
    activation: Option<ActivationView>,
}

/// What a story is made of.
pub(super) struct Story {
    pub(super) payment: Payment,
    pub(super) steps: Vec<(PaymentState, Option<String>, Timestamp)>,
    pub(super) callbacks: Vec<Kept>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) entries: Vec<Entry>,
    pub(super) activation: Option<Activation>,
}

impl StoryView {
    pub(super) fn of(story: &Story) -> Self {
        let step = |(state, said, at): &(PaymentState, Option<String>, Timestamp)| StepView {
            state: state.code(),
            failure: state.failure().map(FailureKind::code),
            said: said.clone(),
            at: at.to_string(),
        };
        let callback = |kept: &Kept| CallbackView {
            at: kept.received_at.to_string(),
            source: kept.source.map(|from| from.to_string()),
            body: String::from_utf8_lossy(&kept.body).chars().take(BODY_SHOWN).collect(),
            outcome: kept.outcome.clone(),
        };
        Self {
            id: story.payment.id.uuid().into(),
            payment: PaymentView::of(&story.payment),
            steps: story.steps.iter().map(step).collect(),
            callbacks: story.callbacks.iter().map(callback).collect(),
            arrivals: story.arrivals.iter().map(ArrivalView::of).collect(),
            entries: story.entries.iter().map(EntryView::of).collect(),
            activation: story.activation.as_ref().map(ActivationView::of),
        }
    }
}
