//! Gives a device of a voucher or subscriber a name, so that people know it again.

use domain::access::attempt::Device;
use domain::access::device::DeviceName;
use domain::access::facts::Holder;
use domain::platform::audit::{Change, Verb};
use store::access::devices;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Names a device; without a name it has none. Returns whether it was ever used with this right.
pub async fn name_device(
    store: &Store,
    scope: &TenantScope,
    holder: Holder,
    device: &Device,
    name: Option<&DeviceName>,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let known = devices::set_name(&mut tx, holder, device, name).await?;
    if known {
        let changes = vec![
            Change::of("device", None, Some(device.key())),
            Change::of("name", None, name.map(ToString::to_string)),
        ];
        audit::note(&mut tx, &[context.audit(Verb::NameDevice, holder.into(), changes)]).await?;
    }
    tx.commit().await?;
    Ok(known)
}
