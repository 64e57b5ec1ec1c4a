//! Gives a branch another name.

use domain::id::BranchId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::{Branch, PlaceName};
use store::platform::{audit, places};
use store::{Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// Renames it. `is_meant`: whether it is meant as it is at that moment.
pub async fn rename_branch(
    store: &Store,
    scope: &TenantScope,
    id: BranchId,
    is_meant: &(dyn Fn(&Branch) -> bool + Send + Sync),
    name: PlaceName,
    context: Context<'_>,
) -> Result<Branch, PlaceError> {
    let mut tx = store.tenant(scope).await?;
    let before = places::lock_branch(&mut tx, id).await?.ok_or(PlaceError::Unknown("branch"))?;
    if !is_meant(&before) {
        return Err(PlaceError::ChangedMeanwhile);
    }
    if before.name == name {
        return Ok(before);
    }
    places::rename_branch(&mut tx, id, &name).await?;
    let changes = vec![Change::of("name", Some(&before.name), Some(&name))];
    audit::note(&mut tx, &[context.audit(Verb::RenameBranch, Thing::Branch(id), changes)]).await?;
    tx.commit().await?;
    Ok(Branch { name, revision: before.revision.saturating_add(1), ..before })
}
