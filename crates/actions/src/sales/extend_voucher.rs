//! Moves the end of a voucher: of one in use, of one that was sold, and of one that has ended, which opens again.

use domain::access::facts::Holder;
use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::extension::{EndIsPast, Extension};
use domain::sales::voucher::{VoucherCode, VoucherState};
use domain::time::{Timestamp, Zone};
use store::access::online;
use store::platform::audit;
use store::sales::vouchers;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// A voucher whose end was moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extended {
    /// Its end before.
    pub before: Timestamp,
    /// Its end now.
    pub until: Timestamp,
    /// Its sessions that have not ended.
    pub live: u64,
}

/// Why an end was not moved.
#[derive(Debug, Error)]
pub enum ExtendError {
    /// No such voucher.
    #[error("there is no voucher with that code: check capital and small letters")]
    Unknown,
    /// It was taken back.
    #[error("the voucher was taken back: sell another one instead of extending it")]
    Revoked,
    /// It has no end that could be moved.
    #[error("the time of the voucher has not begun, so it has no end that could be moved: it counts from {0}")]
    NotBegun(&'static str),
    /// It would have ended before now.
    #[error("{0}; to end a voucher at once, `mnetifi voucher revoke` takes it back")]
    Past(#[from] EndIsPast),
    /// Somebody else has changed it at this moment.
    #[error("the voucher was changed by somebody else at this moment: look at it and try again")]
    Changed,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the end of the voucher with that code.
pub async fn extend_voucher(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    code: &VoucherCode,
    extension: Extension,
    context: Context<'_>,
) -> Result<Extended, ExtendError> {
    let mut tx = store.tenant(scope).await?;
    let voucher = vouchers::find_by_code(&mut tx, code).await?.ok_or(ExtendError::Unknown)?;
    let before = match voucher.state {
        VoucherState::Active { until, .. } | VoucherState::Sold { until: Some(until), .. } => until,
        VoucherState::Sold { until: None, .. } => return Err(ExtendError::NotBegun("its first use")),
        VoucherState::Printed { .. } => return Err(ExtendError::NotBegun("its sale or its first use")),
        VoucherState::Revoked { .. } => return Err(ExtendError::Revoked),
    };
    let until = extension.end(before, zone, context.now())?;
    if !vouchers::move_end(&mut tx, voucher.id, before, until).await? {
        return Err(ExtendError::Changed);
    }
    let changes = vec![Change::of("until", Some(before), Some(until))];
    audit::note(&mut tx, &[context.audit(Verb::ExtendVoucher, Thing::Voucher(voucher.id), changes)]).await?;
    let live = online::of_holder(&mut tx, Holder::Voucher(voucher.id)).await?;
    tx.commit().await?;
    Ok(Extended { before, until, live })
}
