//! Takes a router out of use: from the next second on it may not ask, and who is online there is cut. Its sessions and
//! decisions stay.

use domain::network::nas::Nas;
use domain::text::Slug;
use store::network::nas;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Retires the router of a name. Its name is free afterwards.
pub async fn retire_nas(
    store: &Store,
    scope: &TenantScope,
    name: &Slug,
    context: Context<'_>,
) -> Result<Nas, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let router = nas::find_by_name(&mut tx, name).await?.ok_or(StoreError::Missing { what: "router" })?;
    nas::retire(&mut tx, router.id, context.now()).await?;
    tx.commit().await?;
    Ok(router)
}
