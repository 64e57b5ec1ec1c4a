//! Gives what was paid for and could not be given: staff has mended what was in the way.

use domain::id::PaymentId;
use domain::money::payment::{Activation, PaymentState};
use domain::platform::audit::{Thing, Verb};
use domain::time::Zone;
use store::money::payments;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::desk::Desk;
use crate::money::serve::{Served, serve};

/// Why nothing was given.
#[derive(Debug, Error)]
pub enum ServeError {
    /// No such payment.
    #[error("there is no payment with that id")]
    Unknown,
    /// It was given before.
    #[error("what was paid for has been given already")]
    Served,
    /// Too little has come.
    #[error("too little has come for it")]
    TooLittle,
    /// It went back.
    #[error("the money went back")]
    Reversed,
    /// It still cannot be given.
    #[error("it still cannot be given: the exception says why")]
    Not,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives it, from what is in the wallet.
pub async fn serve_payment(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    id: PaymentId,
    context: Context<'_>,
) -> Result<Activation, ServeError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let mut payment = payments::lock(&mut desk.tx, id).await?.ok_or(ServeError::Unknown)?;
    if payment.state == PaymentState::Reversed {
        return Err(ServeError::Reversed);
    }
    let activation = match serve(&mut desk, &payment).await? {
        Served::Now(activation) => activation,
        Served::Before => return Err(ServeError::Served),
        Served::TooLittle => return Err(ServeError::TooLittle),
        Served::Not => {
            desk.commit().await?;
            return Err(ServeError::Not);
        }
    };
    if payment.state.may_become(PaymentState::Paid) && payment.state != PaymentState::PaidUnreceipted {
        payment.state = PaymentState::Paid;
        payment.next_look_at = None;
        payment.claimed_at = None;
        let now = desk.now();
        payments::save(&mut desk.tx, &payment, now).await?;
    }
    desk.note(Verb::ServePayment, Thing::Payment(id), Vec::new());
    desk.commit().await?;
    Ok(activation)
}
