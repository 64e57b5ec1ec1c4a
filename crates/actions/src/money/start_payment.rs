//! Somebody wants to pay: writes down what for, and has a prompt sent to their telephone.

use domain::id::{GatewayId, NasId, PaymentId, PlanId, SubscriberId};
use domain::mac::Mac;
use domain::money::Money;
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::phone::Msisdn;
use domain::platform::job::Work;
use domain::sales::plan::PlanService;
use domain::sales::voucher::VoucherCode;
use domain::time::Span;
use policy::money::polling;
use policy::sales::codes;
use store::money::{gateways, payments};
use store::people::subscribers;
use store::platform::jobs::{self, NewJob};
use store::sales::{plans, vouchers};
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// References tried before the source of randomness must be at fault.
const TRIES_MAX: usize = 5;

/// Prompts in an hour that may come to nothing on one telephone.
const UNANSWERED_MAX: usize = 8;

/// The hour.
const UNANSWERED_FOR: Span = Span::minutes(60);

/// What somebody wants to buy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// A voucher of that plan.
    Voucher(PlanId),
    /// The next period of that subscriber.
    Renewal(SubscriberId),
}

/// Somebody who wants to pay.
#[derive(Clone, Debug)]
pub struct Request {
    /// What for.
    pub wish: Wish,
    /// Through which gateway.
    pub gateway: GatewayId,
    /// Whose telephone is prompted, and who buys.
    pub phone: Msisdn,
    /// The device that waits to be let in.
    pub device: Option<Mac>,
    /// At which router.
    pub nas: Option<NasId>,
}

/// Why nobody was asked to pay.
#[derive(Debug, Error)]
pub enum StartError {
    /// No such plan on sale.
    #[error("that plan is not on sale")]
    NoSuchPlan,
    /// No such subscriber.
    #[error("there is no subscriber with that id")]
    NoSuchSubscriber,
    /// It costs nothing.
    #[error("that costs nothing, so there is nothing to pay")]
    Free,
    /// No such gateway, or nobody can pay through it now.
    #[error("nobody can pay that way at the moment")]
    NoGateway,
    /// Another prompt is on that telephone.
    #[error("another payment is open on that telephone: answer it, or wait {0} seconds")]
    Busy(i64),
    /// So many prompts came to nothing on that telephone that somebody may be plaguing its owner.
    #[error("that telephone was asked {UNANSWERED_MAX} times in an hour and nothing was paid: wait a while")]
    TooOften,
    /// No fresh reference came.
    #[error("no unused reference could be found")]
    Exhausted,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A payment that is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Started {
    /// The payment.
    pub payment: Payment,
    /// Whether it was under way already: the same thing was tapped twice.
    pub was_there: bool,
}

/// Writes a payment down, at the price that its plan has now, with the job that sends the prompt. The same thing tapped
/// twice is one payment; another thing has to wait until the telephone's prompt is over.
pub async fn start_payment(
    store: &Store,
    scope: &TenantScope,
    request: Request,
    context: Context<'_>,
) -> Result<Started, StartError> {
    let mut tx = store.tenant(scope).await?;
    let started = start_in(&mut tx, request, context).await?;
    tx.commit().await?;
    Ok(started)
}

/// The same, in a deed's own transaction.
pub(crate) async fn start_in(tx: &mut TenantTx, request: Request, context: Context<'_>) -> Result<Started, StartError> {
    let now = context.now();
    let gateway = gateways::find(tx, request.gateway).await?.filter(|gateway| gateway.is_active);
    let gateway = gateway.ok_or(StartError::NoGateway)?;
    let (purpose, price) = priced(tx, &request).await?;
    payments::hold_phone(tx, &request.phone).await?;
    let of_phone = payments::of_phone(tx, &request.phone, now.minus(UNANSWERED_FOR)).await?;
    let unanswered = of_phone.iter().filter(|payment| !payment.state.is_paid()).count();
    let since = now.minus(polling::ONE_PROMPT_FOR);
    let mut lately = of_phone.into_iter().filter(|payment| payment.created_at >= since);
    if let Some(open) = lately.find(|payment| payment.state.is_open()) {
        if open.purpose == purpose {
            return Ok(Started { payment: open, was_there: true });
        }
        let until = open.created_at.plus(polling::ONE_PROMPT_FOR);
        return Err(StartError::Busy(until.since(now).as_seconds() + 1));
    }
    if unanswered >= UNANSWERED_MAX {
        return Err(StartError::TooOften);
    }
    let payment = Payment {
        id: context.new_id(),
        gateway: Some(gateway.id),
        purpose,
        phone: Some(request.phone),
        price,
        reference: reference(tx, context).await?,
        state: PaymentState::Created,
        checkout: None,
        said: None,
        looks: 0,
        next_look_at: None,
        claimed_at: None,
        created_at: now,
        device: request.device,
        nas: request.nas,
    };
    payments::add(tx, &payment, &token(context)).await?;
    let job = NewJob {
        id: domain::id::JobId::from_uuid(payment.id.uuid()),
        about: format!("prompt for payment {}", payment.id),
        work: Work::Prompt(payment.id),
        now,
    };
    jobs::enqueue(tx, &job).await?;
    Ok(Started { payment, was_there: false })
}

/// What is bought, and what it costs by its own row.
async fn priced(tx: &mut TenantTx, request: &Request) -> Result<(Purpose, Money), StartError> {
    let (purpose, price) = match request.wish {
        Wish::Voucher(plan) => voucher(tx, plan, request.phone.clone()).await?,
        Wish::Renewal(id) => renewal(tx, id).await?,
    };
    if price.is_positive() { Ok((purpose, price)) } else { Err(StartError::Free) }
}

/// A subscriber's next period, at the price of the plan that they are on.
pub(crate) async fn renewal(tx: &mut TenantTx, id: SubscriberId) -> Result<(Purpose, Money), StartError> {
    let record = subscribers::find(tx, id, None).await?.ok_or(StartError::NoSuchSubscriber)?;
    let plan = plans::load(tx, Some(&[record.subscriber.plan])).await?.found.into_iter().next();
    let plan = plan.ok_or(StartError::NoSuchPlan)?;
    Ok((Purpose::Renewal { subscriber: id }, plan.terms.price))
}

/// A voucher of a hotspot plan, at the price that it has now.
pub(crate) async fn voucher(tx: &mut TenantTx, plan: PlanId, buyer: Msisdn) -> Result<(Purpose, Money), StartError> {
    let plan = plans::load(tx, Some(&[plan])).await?.found.into_iter().next();
    let plan = plan.filter(|plan| plan.service == PlanService::Hotspot).ok_or(StartError::NoSuchPlan)?;
    Ok((Purpose::Voucher { plan: plan.id, revision: plan.revision, buyer }, plan.terms.price))
}

/// A reference that no payment of this ISP has, and no voucher that it knows: it becomes the voucher's code.
pub(crate) async fn reference(tx: &mut TenantTx, context: Context<'_>) -> Result<VoucherCode, StartError> {
    for _ in 0..TRIES_MAX {
        let reference = codes::make(codes::LENGTH_MIN, &mut |end| context.random().index_below(end));
        let is_taken = !payments::by_reference(tx, reference.expose()).await?.is_empty()
            || vouchers::find_by_code(tx, &reference).await?.is_some();
        if !is_taken {
            return Ok(reference);
        }
    }
    Err(StartError::Exhausted)
}

/// What the address of a prompt's callback ends with.
pub(crate) fn token(context: Context<'_>) -> payments::PromptToken {
    let mut token = [0; 16];
    context.random().fill(&mut token);
    token
}

/// A payment that nobody is prompted for: over the counter, or paid by hand.
pub(crate) async fn by_hand(
    tx: &mut TenantTx,
    gateway: Option<GatewayId>,
    (purpose, price): (Purpose, Money),
    context: Context<'_>,
) -> Result<PaymentId, StartError> {
    if !price.is_positive() {
        return Err(StartError::Free);
    }
    let payment = Payment {
        id: context.new_id(),
        gateway,
        purpose,
        phone: None,
        price,
        reference: reference(tx, context).await?,
        state: PaymentState::Created,
        checkout: None,
        said: None,
        looks: 0,
        next_look_at: None,
        claimed_at: None,
        created_at: context.now(),
        device: None,
        nas: None,
    };
    payments::add(tx, &payment, &token(context)).await?;
    Ok(payment.id)
}
