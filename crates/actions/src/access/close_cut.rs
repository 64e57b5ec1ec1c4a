//! Ends sessions here that their routers have ended because we asked. For whoever has the truth in the database.

use domain::access::session::EndCause;
use domain::id::SessionId;
use store::access::sessions;
use store::{Store, StoreError, TenantScope};

/// Ends those of these sessions of which nothing was heard since, each for its cause, and frees their places. Returns how
/// many.
pub async fn close_cut(store: &Store, scope: &TenantScope, cut: &[(SessionId, EndCause)]) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let closed = sessions::close_cut(&mut tx, cut).await?;
    tx.commit().await?;
    Ok(closed)
}
