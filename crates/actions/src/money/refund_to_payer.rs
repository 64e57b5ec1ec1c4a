//! A payment is given back to whoever paid: what it bought is taken back, and the gateway is to return what has come.

use domain::id::{PaymentId, RefundId};
use domain::money::arrival::ArrivalState;
use domain::time::Zone;
use store::money::{activations, arrivals, payments};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::ask_reversal::{ReversalError, reverse_in};
use crate::money::desk::Desk;
use crate::money::refund_to_wallet::{RefundError, refund_in};

/// Why nothing is given back.
#[derive(Debug, Error)]
pub enum PayBackError {
    /// No such payment.
    #[error("there is no payment with that id")]
    Unknown,
    /// Nothing has come that could go back through a gateway.
    #[error(
        "nothing has come for that payment through a gateway, with a receipt: hand cash back yourself, or give it into the \
         wallet"
    )]
    NothingCame,
    /// What it bought cannot be taken back.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The gateway cannot be asked for it.
    #[error(transparent)]
    Reversal(#[from] ReversalError),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes back what was bought, if anything was, and asks the gateway to give back each sum that has come for it.
pub async fn refund_to_payer(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, why): (PaymentId, &str),
    context: Context<'_>,
) -> Result<Vec<RefundId>, PayBackError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    payments::lock(&mut desk.tx, id).await?.ok_or(PayBackError::Unknown)?;
    if activations::find(&mut desk.tx, id).await?.is_some() {
        match refund_in(&mut desk, id, why).await {
            // It is in the wallet since an earlier day: from there it goes back.
            Ok(()) | Err(RefundError::Reversed) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let came = arrivals::of_payment(&mut desk.tx, id).await?;
    let back = came.into_iter().filter(|one| {
        let is_here = matches!(one.state, ArrivalState::ForPayment(_));
        is_here && one.is_verified && one.gateway.is_some() && one.receipt.is_some()
    });
    let mut refunds = Vec::new();
    for arrival in back {
        refunds.push(reverse_in(&mut desk, arrival.id, why).await?);
    }
    if refunds.is_empty() {
        return Err(PayBackError::NothingCame);
    }
    desk.commit().await?;
    Ok(refunds)
}
