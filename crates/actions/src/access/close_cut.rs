//! Ends sessions here that their routers have ended because we asked. For whoever has the truth in the database.

use domain::id::SessionId;
use store::access::sessions;
use store::{Store, StoreError, TenantScope};

/// Ends those of these sessions of which nothing was heard since, and frees their places. Returns how many.
pub async fn close_cut(store: &Store, scope: &TenantScope, ids: &[SessionId]) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let closed = sessions::close_cut(&mut tx, ids).await?;
    tx.commit().await?;
    Ok(closed)
}
