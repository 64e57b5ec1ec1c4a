//! Gives a device of a voucher or subscriber a name, so that people know it again.

use domain::access::attempt::Device;
use domain::access::device::DeviceName;
use domain::access::facts::Holder;
use store::access::devices;
use store::{Store, StoreError, TenantScope};

/// Names a device; without a name it has none. Returns whether it was ever used with this right.
pub async fn name_device(
    store: &Store,
    scope: &TenantScope,
    holder: Holder,
    device: &Device,
    name: Option<&DeviceName>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let known = devices::set_name(&mut tx, holder, device, name).await?;
    tx.commit().await?;
    Ok(known)
}
