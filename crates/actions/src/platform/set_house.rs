//! Settles how an ISP wants its people dealt with. In force within a second, also for who is online.

use domain::id::TenantId;
use domain::platform::house::{HouseRules, RestrictionFault};
use store::platform::tenants;
use store::{Store, StoreError};
use thiserror::Error;

/// Why nothing was settled.
#[derive(Debug, Error)]
pub enum SetHouseError {
    /// Terms that restrict nobody.
    #[error(transparent)]
    Fault(RestrictionFault),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Settles it.
pub async fn set_house(store: &Store, tenant: TenantId, house: &HouseRules) -> Result<(), SetHouseError> {
    if let Some(fault) = house.unpaid.restriction().and_then(|terms| terms.fault()) {
        return Err(SetHouseError::Fault(fault));
    }
    let mut tx = store.system().await?;
    tenants::set_house(&mut tx, tenant, house).await?;
    Ok(tx.commit().await?)
}
