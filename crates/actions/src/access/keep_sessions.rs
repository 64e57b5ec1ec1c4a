//! Moves sessions that ended some days ago to where they are kept, and lets go of those that are older than their tenant
//! keeps them. Ending a session never deletes it.

use domain::time::{Span, Timestamp};
use store::access::history;
use store::{Store, StoreError, TenantScope};

/// Sessions in one transaction at most.
pub const BATCH_MAX: u32 = 2_000;

/// How long ended sessions stay beside those that live: records about them may still come.
const STAY: Span = Span::seconds(2 * 24 * 3_600);

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Sessions that were moved.
    pub moved: u64,
    /// Sessions that were let go of.
    pub forgotten: u64,
}

/// Keeps one tenant's sessions for so many days, one batch of each kind.
pub async fn keep_sessions(store: &Store, scope: &TenantScope, days: u32, now: Timestamp) -> Result<Kept, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let moved = history::archive(&mut tx, now.minus(STAY), BATCH_MAX).await?;
    let oldest = now.minus(Span::seconds(i64::from(days) * 24 * 3_600));
    let forgotten = history::forget(&mut tx, oldest, BATCH_MAX).await?;
    tx.commit().await?;
    Ok(Kept { moved, forgotten })
}
