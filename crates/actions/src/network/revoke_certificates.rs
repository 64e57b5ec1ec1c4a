//! Takes RadSec certificates back: within a second they open nothing, and connections that stand on them are closed.

use domain::network::certificate::Certificate;
use store::network::certificates::{self, Which};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Takes back what is meant; gives what was in force until now.
pub async fn revoke_certificates(
    store: &Store,
    scope: &TenantScope,
    which: Which,
    context: Context<'_>,
) -> Result<Vec<Certificate>, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let revoked = certificates::revoke(&mut tx, which, context.now()).await?;
    tx.commit().await?;
    Ok(revoked)
}
