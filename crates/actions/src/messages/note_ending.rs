//! Notes whose time is nearly over, once for each end, for the messages to come.

use domain::time::{Span, Timestamp};
use policy::sales::ending;
use store::messages::notices;
use store::sales::plans;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Notices in one transaction at most. The rest comes with the next round.
pub const BATCH_MAX: u32 = 5_000;

/// It is looked again after so long even if nothing is known to end: whatever was missed is found then.
pub const LOOK_EVERY: Span = Span::seconds(3_600);

/// What a look has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Looked {
    /// Notices that are new.
    pub noted: u64,
    /// When to look again, unless a plan, a voucher or a subscriber changes before.
    pub next: Timestamp,
}

/// Notes those of one tenant whose time has come to its last part.
pub async fn note_ending(store: &Store, scope: &TenantScope, context: Context<'_>) -> Result<Looked, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let plans = plans::load(&mut tx, None).await?.found;
    let within: Vec<_> = plans.iter().map(|plan| (plan.id, ending::warns_within(plan.terms.duration))).collect();
    let noted = notices::note_ending(&mut tx, &within, now, BATCH_MAX, || context.new_id()).await?;
    let next = notices::next_ending(&mut tx, &within, now).await?;
    tx.commit().await?;
    let latest = now.plus(LOOK_EVERY);
    let next = next.map_or(latest, |next| next.min(latest));
    let is_full = noted >= u64::from(BATCH_MAX);
    Ok(Looked { noted, next: if is_full { now } else { next } })
}
