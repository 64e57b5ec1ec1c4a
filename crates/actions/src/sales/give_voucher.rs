//! Gives a voucher to a customer, or to nobody.

use domain::id::{CustomerId, VoucherId};
use domain::platform::audit::{Change, Thing, Verb};
use store::people::customers;
use store::platform::audit;
use store::sales::vouchers::{self, Voucher};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// Why a voucher was not given.
#[derive(Debug, Error)]
pub enum GiveError {
    /// No such voucher.
    #[error("there is no voucher with that id")]
    Unknown,
    /// No such customer.
    #[error("there is no customer with that id")]
    NoSuchCustomer,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives the voucher to a customer, or to nobody any more. Giving it to whom it belongs already writes nothing.
pub async fn give_voucher(
    store: &Store,
    scope: &TenantScope,
    voucher: VoucherId,
    customer: Option<CustomerId>,
    context: Context<'_>,
) -> Result<Voucher, GiveError> {
    let mut tx = store.tenant(scope).await?;
    let before = vouchers::find(&mut tx, voucher).await?.ok_or(GiveError::Unknown)?;
    if before.customer == customer {
        return Ok(before);
    }
    if let Some(customer) = customer
        && customers::find(&mut tx, customer, None).await?.is_none()
    {
        return Err(GiveError::NoSuchCustomer);
    }
    vouchers::give_to(&mut tx, &[voucher], customer).await?;
    let changes = vec![Change::of("customer", before.customer, customer)];
    audit::note(&mut tx, &[context.audit(Verb::GiveVoucher, Thing::Voucher(voucher), changes)]).await?;
    tx.commit().await?;
    Ok(Voucher { customer, ..before })
}
