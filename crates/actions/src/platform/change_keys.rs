//! Changes the keys of secrets: an ISP's data key, and the master key over all of them.

use domain::id::TenantId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::time::Span;
use store::platform::data_keys::{self, SEALED};
use store::platform::{audit, sign_ups};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// How long an earlier key stays after everything was sealed anew: longer than any transaction lasts.
const KEPT: Span = Span::minutes(60);

/// Gives an ISP a new data key, which seals everything from now on. What is sealed already waits for [`seal_anew`].
/// Gives the key's version.
pub async fn new_data_key(store: &Store, scope: &TenantScope, context: Context<'_>) -> Result<u16, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let version = data_keys::add(&mut tx, context.now()).await?;
    let thing = Thing::Tenant(tx.tenant());
    let changes = vec![Change::of("data_key", Some(version - 1).filter(|before| *before > 0), Some(version))];
    audit::note(&mut tx, &[context.audit(Verb::ChangeDataKey, thing, changes)]).await?;
    tx.commit().await?;
    Ok(version)
}

/// What was sealed anew.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct SealedAnew {
    /// Values that the newest key seals now.
    pub values: u64,
    /// Values that no key opens, left as they were.
    pub unreadable: u64,
    /// Earlier keys that nothing needs any more.
    pub forgotten: u64,
}

/// Seals by an ISP's newest key whatever an earlier one sealed, batch by batch, and lets go of keys that nothing needs.
/// Can be stopped at any moment and begun again. `tell` hears how many values are done.
pub async fn seal_anew(
    store: &Store,
    scope: &TenantScope,
    context: Context<'_>,
    mut tell: impl FnMut(u64),
) -> Result<SealedAnew, StoreError> {
    let mut done = SealedAnew::default();
    for column in SEALED {
        let mut after = None;
        loop {
            let mut tx = store.tenant(scope).await?;
            let batch = data_keys::reseal(&mut tx, *column, after).await?;
            tx.commit().await?;
            done.values += batch.values;
            done.unreadable += batch.unreadable;
            tell(done.values);
            after = batch.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut tx = store.tenant(scope).await?;
    done.forgotten = data_keys::forget(&mut tx, context.now().minus(KEPT)).await?;
    tx.commit().await?;
    Ok(done)
}

/// The ISPs, and the platform, of which something may be sealed by an earlier data key.
pub async fn unfinished(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let mut tx = store.system().await?;
    let tenants = data_keys::unfinished(&mut tx).await?;
    tx.commit().await?;
    Ok(tenants)
}

/// Seals by the master key in force what an earlier one sealed: all data keys, and the key of our own authority. Gives
/// how many values those were.
pub async fn wrap_anew(store: &Store, context: Context<'_>) -> Result<u64, StoreError> {
    let mut tx = store.system().await?;
    let changed = data_keys::wrap_anew(&mut tx).await?;
    let platform = sign_ups::platform(&mut tx).await?;
    tx.commit().await?;
    if let Some(platform) = platform.filter(|_| changed > 0) {
        let mut tx = store.tenant(&TenantScope::of_operator(platform)).await?;
        let changes = vec![Change::of("sealed_anew", None, Some(changed))];
        audit::note(&mut tx, &[context.audit(Verb::ChangeMasterKey, Thing::Tenant(platform), changes)]).await?;
        tx.commit().await?;
    }
    Ok(changed)
}
