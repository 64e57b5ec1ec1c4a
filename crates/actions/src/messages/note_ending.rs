//! Notes whose time is nearly over, once for each end, for the messages to come.

use policy::sales::ending;
use store::messages::notices;
use store::sales::plans;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Notices of one plan in one transaction at most. The rest comes with the next round.
pub const BATCH_MAX: u32 = 5_000;

/// Notes those of one tenant whose time has come to its last part. Returns how many are new.
pub async fn note_ending(store: &Store, scope: &TenantScope, context: Context<'_>) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let plans = plans::load(&mut tx, None).await?.found;
    tx.commit().await?;
    let mut noted = 0;
    for plan in plans {
        let within = ending::warns_within(plan.terms.duration);
        let mut tx = store.tenant(scope).await?;
        noted += notices::note_ending(&mut tx, plan.id, within, context.now(), BATCH_MAX, || context.new_id()).await?;
        tx.commit().await?;
    }
    Ok(noted)
}
