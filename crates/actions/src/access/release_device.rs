//! Lets go of a device: its place is free for another at once, what it has online ends, and its address alone opens
//! nothing until it was used with the code again.
//!
//! For staff, and for buyers whose phone has taken another address or was left at home: whoever calls has made sure that
//! the right is theirs.

use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::platform::audit::{Change, Verb};
use store::access::devices;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Lets go of a device. Returns how many live sessions of it are to end; `None` when the right never knew it.
pub async fn release_device(
    store: &Store,
    scope: &TenantScope,
    holder: Holder,
    device: &Device,
    context: Context<'_>,
) -> Result<Option<usize>, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let now = context.now();
    let live = devices::free_place(&mut tx, holder, device, now).await?.len();
    if !devices::note_release(&mut tx, holder, device, now).await? {
        return Ok(None);
    }
    let changes = vec![Change::of("device", None, Some(device.key()))];
    audit::note(&mut tx, &[context.audit(Verb::ReleaseDevice, holder.into(), changes)]).await?;
    tx.commit().await?;
    Ok(Some(live))
}
