//! Blocks a device on a voucher or subscriber, and lets it in again. In force within a second, also for who is online.

use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::platform::audit::{Change, Verb};
use store::access::devices;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// It is blocked; so many sessions of it are online and are to end.
    Done {
        /// How many.
        live: usize,
    },
    /// It was never used with this right.
    Unknown,
    /// So many are blocked there already that one more changes nothing: whoever shares a code so widely needs another.
    TooMany,
}

/// Blocks a device: its place is free at once, and what it has online is ended.
pub async fn block_device(
    store: &Store,
    scope: &TenantScope,
    holder: Holder,
    device: &Device,
    context: Context<'_>,
) -> Result<Blocked, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let now = context.now();
    let live = devices::free_place(&mut tx, holder, device, now).await?.len();
    if !devices::block(&mut tx, holder, device, now).await? {
        return Ok(Blocked::Unknown);
    }
    if devices::count_blocked(&mut tx, holder).await? > u64::from(devices::BLOCKED_MAX) {
        return Ok(Blocked::TooMany);
    }
    let changes = vec![Change::of("device", None, Some(device.key()))];
    audit::note(&mut tx, &[context.audit(Verb::BlockDevice, holder.into(), changes)]).await?;
    tx.commit().await?;
    Ok(Blocked::Done { live })
}

/// Lets a blocked device in again. Returns whether it was ever used with this right.
pub async fn unblock_device(
    store: &Store,
    scope: &TenantScope,
    holder: Holder,
    device: &Device,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let known = devices::unblock(&mut tx, holder, device).await?;
    if known {
        let changes = vec![Change::of("device", None, Some(device.key()))];
        audit::note(&mut tx, &[context.audit(Verb::UnblockDevice, holder.into(), changes)]).await?;
    }
    tx.commit().await?;
    Ok(known)
}
