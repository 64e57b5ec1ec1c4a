//! Whoever could not pay is sent another prompt, for the same thing at the price that it has now.

use domain::id::PaymentId;
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::platform::audit::{Change, Thing, Verb};
use store::money::{arrivals, payments};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::start_payment::{Request, StartError, Wish, start_in};

/// Why no other prompt is sent.
#[derive(Debug, Error)]
pub enum RetryError {
    /// No such payment.
    #[error("there is no payment with that id")]
    Unknown,
    /// It may be paid yet, or is.
    #[error("that payment is not over: look it up at the gateway first")]
    NotOver,
    /// Money has come for it.
    #[error("money has come for that payment: serve it, or give the money back")]
    HasCome,
    /// Nobody was prompted for it.
    #[error("nobody's telephone was prompted for that payment: there is nothing to be tried again")]
    NoPrompt,
    /// The other one could not be begun.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins another payment for the same thing, by the same telephone. Money that still comes for the first one is
/// honoured, too.
pub async fn retry_payment(
    store: &Store,
    scope: &TenantScope,
    id: PaymentId,
    context: Context<'_>,
) -> Result<Payment, RetryError> {
    let mut tx = store.tenant(scope).await?;
    let payment = payments::lock(&mut tx, id).await?.ok_or(RetryError::Unknown)?;
    match payment.state {
        PaymentState::Failed(_) | PaymentState::Expired | PaymentState::Unresolved => {}
        PaymentState::Created
        | PaymentState::Pushing
        | PaymentState::Awaiting
        | PaymentState::Unknown
        | PaymentState::PaidUnreceipted
        | PaymentState::Paid
        | PaymentState::Reversed => return Err(RetryError::NotOver),
    }
    if payment.claimed_at.is_some() {
        return Err(RetryError::NotOver);
    }
    if arrivals::of_payment(&mut tx, id).await?.iter().any(|one| one.is_verified) {
        return Err(RetryError::HasCome);
    }
    let (Some(gateway), Some(phone)) = (payment.gateway, payment.phone.clone()) else {
        return Err(RetryError::NoPrompt);
    };
    let wish = match &payment.purpose {
        Purpose::Voucher { plan, .. } => Wish::Voucher(*plan),
        Purpose::Renewal { subscriber } => Wish::Renewal(*subscriber),
    };
    let request = Request { wish, gateway, phone, device: payment.device, nas: payment.nas };
    let started = start_in(&mut tx, request, context).await?;
    let changes = vec![Change::of("payment", None, Some(started.payment.id))];
    audit::note(&mut tx, &[context.audit(Verb::RetryPayment, Thing::Payment(id), changes)]).await?;
    tx.commit().await?;
    Ok(started.payment)
}
