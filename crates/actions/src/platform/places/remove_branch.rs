//! Takes a branch away that has no zones.

use domain::id::BranchId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::Branch;
use store::platform::places::ZoneFilter;
use store::platform::{audit, places};
use store::{Page, Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// Takes it away. `is_meant`: whether it is meant as it is at that moment.
pub async fn remove_branch(
    store: &Store,
    scope: &TenantScope,
    id: BranchId,
    is_meant: &(dyn Fn(&Branch) -> bool + Send + Sync),
    context: Context<'_>,
) -> Result<(), PlaceError> {
    let mut tx = store.tenant(scope).await?;
    let branch = places::lock_branch(&mut tx, id).await?.ok_or(PlaceError::Unknown("branch"))?;
    if !is_meant(&branch) {
        return Err(PlaceError::ChangedMeanwhile);
    }
    let its_zones = ZoneFilter { branch: Some(id), ..ZoneFilter::default() };
    if !places::list_zones(&mut tx, &its_zones, Page::first(1)).await?.rows.is_empty() {
        return Err(PlaceError::InUse("the branch has zones: move them to another branch first".to_owned()));
    }
    places::remove_branch(&mut tx, id).await?;
    let changes = vec![Change::of("name", Some(&branch.name), None)];
    audit::note(&mut tx, &[context.audit(Verb::RemoveBranch, Thing::Branch(id), changes)]).await?;
    Ok(tx.commit().await?)
}
