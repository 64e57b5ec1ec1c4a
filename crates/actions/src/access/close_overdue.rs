//! Ends sessions of which nothing was heard for longer than their lease: a lost Stop, a dead router.
//!
//! A paying customer's place is free from that moment on; the session ends when it was last heard of, so nobody is
//! counted as online while nobody was.

use store::access::sessions;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// The most sessions ended in one transaction.
pub const BATCH_MAX: u32 = 1_000;

/// Ends the overdue sessions of one tenant, at most [`BATCH_MAX`]. Returns how many.
pub async fn close_overdue(store: &Store, scope: &TenantScope, context: Context<'_>) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let closed = sessions::close_overdue(&mut tx, context.now(), BATCH_MAX).await?;
    tx.commit().await?;
    Ok(closed)
}
