//! Adds a zone.

use domain::id::BranchId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::{Area, PLACES_MAX, PlaceName};
use store::platform::{audit, places};
use store::{Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// Adds it, in a branch or in none.
pub async fn add_zone(
    store: &Store,
    scope: &TenantScope,
    name: PlaceName,
    branch: Option<BranchId>,
    context: Context<'_>,
) -> Result<Area, PlaceError> {
    let zone = Area { id: context.new_id(), name, branch, created_at: context.now(), revision: 1 };
    let mut tx = store.tenant(scope).await?;
    if places::count_zones(&mut tx).await? >= u64::from(PLACES_MAX) {
        return Err(PlaceError::Full { what: "zones" });
    }
    places::add_zone(&mut tx, &zone).await?;
    let changes = vec![Change::of("name", None, Some(&zone.name)), Change::of("branch", None, branch)];
    audit::note(&mut tx, &[context.audit(Verb::AddZone, Thing::Zone(zone.id), changes)]).await?;
    tx.commit().await?;
    Ok(zone)
}
