//! Ends the sessions of a router that has restarted without a word, once the numbers of its new sessions show it.
//!
//! Looks anew each time, so it may be asked for too often, too late or twice: see `policy::access::reboots`.

use domain::access::boot::Boot;
use domain::id::NasId;
use policy::access::reboots;
use store::access::boots;
use store::{Store, StoreError, TenantScope};

/// Looks whether the runs of a router before `new` are over, and ends their sessions where they were last heard of.
/// Returns how many.
pub async fn close_rebooted(store: &Store, scope: &TenantScope, nas: NasId, new: Boot) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let seen = boots::seen(&mut tx, nas).await?;
    let over = reboots::over(new, &seen);
    let Some(fresh) = seen.iter().find(|run| run.boot == new).filter(|_| !over.is_empty()) else { return Ok(0) };
    let closed = boots::close(&mut tx, nas, &over, fresh.began_at).await?;
    tx.commit().await?;
    Ok(closed)
}
