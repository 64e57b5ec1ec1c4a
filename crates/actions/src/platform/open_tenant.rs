//! Opens a tenant: an ISP on the shared system, with a data key of its own.

use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::house::HouseRules;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use domain::time::Zone;
use store::platform::tenants;
use store::{Store, StoreError};

use crate::context::Context;

/// Most characters of a tenant's name.
pub const NAME_MAX: usize = 100;

/// A tenant to open.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its short name, unique on the system.
    pub slug: Slug,
    /// Its name as people say it.
    pub name: String,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
}

/// Writes the tenant and its data key. A short name that is taken is a conflict.
pub async fn open_tenant(store: &Store, new: NewTenant, context: Context<'_>) -> Result<Tenant, StoreError> {
    let NewTenant { slug, name, zone, currency, calling_code } = new;
    let tenant =
        Tenant { id: context.new_id(), slug, name, zone, currency, calling_code, house: HouseRules::default() };
    let mut tx = store.system().await?;
    tenants::add(&mut tx, &tenant).await?;
    tx.commit().await?;
    Ok(tenant)
}
