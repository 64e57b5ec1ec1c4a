//! Adds a branch.

use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::{Branch, PLACES_MAX, PlaceName};
use store::platform::{audit, places};
use store::{Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// Adds it.
pub async fn add_branch(
    store: &Store,
    scope: &TenantScope,
    name: PlaceName,
    context: Context<'_>,
) -> Result<Branch, PlaceError> {
    let branch = Branch { id: context.new_id(), name, created_at: context.now(), revision: 1 };
    let mut tx = store.tenant(scope).await?;
    if places::count_branches(&mut tx).await? >= u64::from(PLACES_MAX) {
        return Err(PlaceError::Full { what: "branches" });
    }
    places::add_branch(&mut tx, &branch).await?;
    let changes = vec![Change::of("name", None, Some(&branch.name))];
    audit::note(&mut tx, &[context.audit(Verb::AddBranch, Thing::Branch(branch.id), changes)]).await?;
    tx.commit().await?;
    Ok(branch)
}
