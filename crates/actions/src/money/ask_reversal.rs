//! Money is given back by the gateway: it is set aside first, then the gateway is asked once, then it has left.

use domain::id::{ArrivalId, JobId, RefundId};
use domain::money::Money;
use domain::money::arrival::{Arrival, ArrivalState};
use domain::money::claim::Receipt;
use domain::money::gateway::IspGateway;
use domain::money::posting::{Account, EntryKind};
use domain::money::refund::{Refund, RefundState};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::job::{Outcome, Work};
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use policy::money::postings::{self, Owner};
use store::money::{arrivals, gateways, ledger, payments, refunds};
use store::platform::jobs::{self, NewJob};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::{About, Desk, amount};

/// Why money is not given back.
#[derive(Debug, Error)]
pub enum ReversalError {
    /// No such money.
    #[error("there is no money with that id")]
    Unknown,
    /// It cannot go back through a gateway.
    #[error(
        "only money that has come through a gateway, is verified, has a receipt and did not go back yet can go back"
    )]
    NotReversible,
    /// It was used.
    #[error("only {0} are left of it in the wallet: take back what it bought first")]
    Spent(Money),
    /// Nobody says why.
    #[error("say why, in 2 to {max} characters", max = Refund::WHY_MAX)]
    BadWhy,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets money aside and writes down that the gateway is to give it back, whole.
pub async fn ask_reversal(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, why): (ArrivalId, &str),
    context: Context<'_>,
) -> Result<RefundId, ReversalError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let refund = reverse_in(&mut desk, id, why).await?;
    desk.commit().await?;
    Ok(refund)
}

/// The same, in a deed's own transaction.
pub(crate) async fn reverse_in(desk: &mut Desk<'_>, id: ArrivalId, why: &str) -> Result<RefundId, ReversalError> {
    let why: String = why.trim().chars().filter(|letter| !letter.is_control()).collect();
    if !(2..=Refund::WHY_MAX).contains(&why.chars().count()) {
        return Err(ReversalError::BadWhy);
    }
    let seen = arrivals::find(&mut desk.tx, id).await?.ok_or(ReversalError::Unknown)?;
    coming::hold(desk, seen.receipt.as_ref()).await?;
    let arrival = arrivals::lock(&mut desk.tx, id).await?.ok_or(ReversalError::Unknown)?;
    let (Some(_), Some(_), true) = (arrival.gateway, &arrival.receipt, arrival.is_verified) else {
        return Err(ReversalError::NotReversible);
    };
    let out_of = match &arrival.state {
        ArrivalState::Pending | ArrivalState::Disputed => None,
        ArrivalState::InWallet(of) => Some(of.clone()),
        ArrivalState::ForPayment(payment) => {
            let payment = payments::find(&mut desk.tx, *payment).await?;
            Some(payment.ok_or(StoreError::Missing { what: "payment" })?.purpose.wallet())
        }
        ArrivalState::Reversed | ArrivalState::Folded => return Err(ReversalError::NotReversible),
    };
    if let Some(of) = &out_of {
        let left = ledger::in_wallet(&mut desk.tx, of, arrival.amount.currency()).await?;
        if left.minor() < arrival.amount.minor() {
            return Err(ReversalError::Spent(left));
        }
    }
    let refund = Refund {
        id: desk.context.new_id(),
        arrival: id,
        amount: arrival.amount,
        out_of,
        why: why.clone(),
        state: RefundState::Asked,
        conversation: None,
        said: None,
        created_at: desk.now(),
    };
    refunds::add(&mut desk.tx, &refund).await?;
    let about = About { arrival: Some(id), refund: Some(refund.id), payment: None };
    desk.post(EntryKind::Reversal, postings::set_aside(&owner(&refund), refund.amount), about).await?;
    let job = NewJob {
        id: JobId::from_uuid(refund.id.uuid()),
        about: format!("{} is given back", refund.amount),
        work: Work::Reversal(refund.id),
        now: desk.now(),
    };
    jobs::enqueue(&mut desk.tx, &job).await?;
    desk.note(Verb::AskReversal, Thing::Arrival(id), vec![amount(refund.amount), Change::of("why", None, Some(why))]);
    Ok(refund.id)
}

fn owner(refund: &Refund) -> Owner {
    refund.out_of.clone().map_or(Owner::Nobody, Owner::Wallet)
}

/// Whether the gateway may be asked to give money back now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It may, and nobody else asks it: that it is about to be is written down.
    Send {
        /// The refund.
        refund: Box<Refund>,
        /// Which gateway.
        gateway: Box<IspGateway>,
        /// The receipt.
        receipt: Receipt,
    },
    /// There is nothing to be asked, or not any more.
    Nothing,
}

/// Begins to ask the gateway. Whoever was killed after this has perhaps asked it: then it is not asked again.
pub async fn begin_reversal(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    id: RefundId,
    context: Context<'_>,
) -> Result<Begun, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let Some(mut refund) = refunds::lock(&mut desk.tx, id).await? else { return Ok(Begun::Nothing) };
    match refund.state {
        RefundState::Asked => {}
        RefundState::Sending => {
            let what = format!(
                "{} was being given back when we were stopped: look in the gateway's statement whether it has left",
                refund.amount
            );
            desk.tell(ExceptionKind::MoneyReversed, refund.arrival, None, what).await?;
            desk.commit().await?;
            return Ok(Begun::Nothing);
        }
        RefundState::Sent | RefundState::Done | RefundState::Failed => return Ok(Begun::Nothing),
    }
    let arrival = arrivals::find(&mut desk.tx, refund.arrival).await?;
    let gateway = match arrival.as_ref().and_then(|arrival| arrival.gateway) {
        Some(gateway) => gateways::find(&mut desk.tx, gateway).await?,
        None => None,
    };
    let (Some(gateway), Some(receipt)) = (gateway, arrival.and_then(|arrival| arrival.receipt)) else {
        return Ok(Begun::Nothing);
    };
    refund.state = RefundState::Sending;
    refunds::save(&mut desk.tx, &refund).await?;
    desk.commit().await?;
    Ok(Begun::Send { refund: Box::new(refund), gateway: Box::new(gateway), receipt })
}

/// What the gateway has made of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Back {
    /// The money has left.
    Done,
    /// The answer comes later, under this number.
    Later(String),
    /// The money stays.
    Failed(String),
    /// The gateway was certainly not asked.
    NotNow(String),
}

/// Writes it down. Returns what becomes of the job.
pub async fn note_reversal(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, back): (RefundId, &Back),
    context: Context<'_>,
) -> Result<Outcome, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let Some(mut refund) = refunds::lock(&mut desk.tx, id).await? else { return Ok(Outcome::Done) };
    if !matches!(refund.state, RefundState::Sending | RefundState::Sent) {
        return Ok(Outcome::Done);
    }
    let about = About { arrival: Some(refund.arrival), refund: Some(id), payment: None };
    let mut outcome = Outcome::Done;
    match back {
        Back::Done => {
            let arrival = arrivals::find(&mut desk.tx, refund.arrival).await?;
            let arrival = arrival.ok_or(StoreError::Missing { what: "money" })?;
            let gateway = arrival.gateway.ok_or(StoreError::Missing { what: "gateway" })?;
            arrivals::save(&mut desk.tx, &Arrival { state: ArrivalState::Reversed, ..arrival }).await?;
            let left = postings::sent_back(Account::Gateway(gateway), refund.amount);
            desk.post(EntryKind::Reversal, left, about).await?;
            desk.is_over(ExceptionKind::MoneyUnmatched, refund.arrival, "it was given back").await?;
            refund.state = RefundState::Done;
        }
        Back::Later(conversation) => {
            refund.conversation = Some(conversation.clone());
            refund.state = RefundState::Sent;
        }
        Back::Failed(why) => {
            desk.post(EntryKind::Reversal, postings::put_back(&owner(&refund), refund.amount), about).await?;
            refund.state = RefundState::Failed;
            refund.said = Some(why.clone());
            let what = format!("{} could not be given back: {why}. It is where it was", refund.amount);
            desk.tell(ExceptionKind::MoneyReversed, refund.arrival, None, what).await?;
        }
        Back::NotNow(why) => {
            refund.state = RefundState::Asked;
            refund.said = Some(why.clone());
            outcome = Outcome::Later(why.clone());
        }
    }
    refunds::save(&mut desk.tx, &refund).await?;
    if matches!(refund.state, RefundState::Done | RefundState::Failed) {
        let state = refund.state.code();
        desk.note(
            Verb::NoteReversal,
            Thing::Arrival(refund.arrival),
            vec![amount(refund.amount), Change::of("state", None, Some(state))],
        );
    }
    desk.commit().await?;
    Ok(outcome)
}
