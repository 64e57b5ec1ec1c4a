//! Staff wants to know at once what became of a payment: the gateway is asked next, before its turn.

use domain::id::PaymentId;
use domain::money::payment::{Payment, PaymentState};
use domain::platform::audit::{Thing, Verb};
use store::money::payments;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// Why nobody is asked.
#[derive(Debug, Error)]
pub enum LookUpError {
    /// No such payment.
    #[error("there is no payment with that id")]
    Unknown,
    /// It is known.
    #[error("what became of it is known: it is paid, or was given back")]
    Known,
    /// The gateway has given no number by which it could be asked.
    #[error(
        "the gateway has given no number of a prompt for it, so it cannot be asked: claim the receipt of whoever says that \
         they have paid"
    )]
    NoNumber,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has the gateway asked next. The worker does so within a second, unless the gateway may not be asked so often.
pub async fn look_up_payment(
    store: &Store,
    scope: &TenantScope,
    id: PaymentId,
    context: Context<'_>,
) -> Result<Payment, LookUpError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let mut payment = payments::lock(&mut tx, id).await?.ok_or(LookUpError::Unknown)?;
    if payment.state.is_paid() || payment.state == PaymentState::Reversed {
        return Err(LookUpError::Known);
    }
    if payment.gateway.is_none() || payment.checkout.is_none() {
        return Err(LookUpError::NoNumber);
    }
    payment.next_look_at = Some(now);
    payments::save(&mut tx, &payment, now).await?;
    audit::note(&mut tx, &[context.audit(Verb::LookUpPayment, Thing::Payment(id), Vec::new())]).await?;
    tx.commit().await?;
    Ok(payment)
}
