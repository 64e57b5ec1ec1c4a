//! Takes a voucher back: its code opens nothing any more, and convergence ends its live sessions.

use domain::platform::audit::{Thing, Verb};
use domain::sales::voucher::VoucherCode;
use store::platform::audit;
use store::sales::vouchers;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Revokes the voucher with that code. Returns whether it was there and not revoked before.
pub async fn revoke_voucher(
    store: &Store,
    scope: &TenantScope,
    code: &VoucherCode,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(voucher) = vouchers::find_by_code(&mut tx, code).await? else { return Ok(false) };
    let revoked = vouchers::revoke(&mut tx, voucher.id, context.now()).await?;
    if revoked {
        let entry = context.audit(Verb::RevokeVoucher, Thing::Voucher(voucher.id), Vec::new());
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(revoked)
}
