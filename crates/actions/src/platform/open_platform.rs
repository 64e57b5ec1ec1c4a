//! Opens the platform's own tenant, once: its people, their sign-ins and its audit are kept as any ISP's are.

use domain::id::TenantId;
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::house::HouseRules;
use domain::platform::tenant::Tenant;
use domain::time::Zone;
use store::platform::{sign_ups, tenants};
use store::{Store, StoreError};

use crate::context::Context;

/// Its short name, which no ISP may have.
pub const SLUG: &str = "platform";

/// The platform's tenant, opened if there is none. Two that open it at once open one.
pub async fn open_platform(store: &Store, context: Context<'_>) -> Result<TenantId, StoreError> {
    if let Some(id) = find(store).await? {
        return Ok(id);
    }
    let tenant = Tenant {
        id: context.new_id(),
        slug: SLUG.parse().expect("invariant: the platform's short name is a short name"),
        name: "mnetifi".to_owned(),
        zone: Zone::utc(),
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
        house: HouseRules::default(),
    };
    let mut tx = store.system().await?;
    match tenants::add_platform(&mut tx, &tenant).await {
        Ok(()) => tx.commit().await?,
        Err(StoreError::Conflict { .. }) => drop(tx),
        Err(why) => return Err(why),
    }
    find(store).await?.ok_or(StoreError::Conflict { what: "a tenant of the platform's short name exists already" })
}

async fn find(store: &Store) -> Result<Option<TenantId>, StoreError> {
    let mut tx = store.system().await?;
    let found = sign_ups::platform(&mut tx).await?;
    tx.commit().await?;
    Ok(found)
}
