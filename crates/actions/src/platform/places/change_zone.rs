//! Gives a zone another name or branch.

use domain::id::{BranchId, ZoneId};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::{Area, PlaceName};
use store::platform::{audit, places};
use store::{Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// What is to be different; `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ZoneChange {
    /// Another name.
    pub name: Option<PlaceName>,
    /// Another branch; `Some(None)` is no branch.
    pub branch: Option<Option<BranchId>>,
}

/// Changes it. `is_meant`: whether it is meant as it is at that moment.
pub async fn change_zone(
    store: &Store,
    scope: &TenantScope,
    id: ZoneId,
    is_meant: &(dyn Fn(&Area) -> bool + Send + Sync),
    change: ZoneChange,
    context: Context<'_>,
) -> Result<Area, PlaceError> {
    let mut tx = store.tenant(scope).await?;
    let before = places::lock_zone(&mut tx, id).await?.ok_or(PlaceError::Unknown("zone"))?;
    if !is_meant(&before) {
        return Err(PlaceError::ChangedMeanwhile);
    }
    let mut after = before.clone();
    after.name = change.name.unwrap_or(after.name);
    after.branch = change.branch.unwrap_or(after.branch);
    let mut changes = Vec::new();
    if before.name != after.name {
        changes.push(Change::of("name", Some(&before.name), Some(&after.name)));
    }
    if before.branch != after.branch {
        changes.push(Change::of("branch", before.branch, after.branch));
    }
    if changes.is_empty() {
        return Ok(before);
    }
    places::change_zone(&mut tx, &after).await?;
    audit::note(&mut tx, &[context.audit(Verb::ChangeZone, Thing::Zone(id), changes)]).await?;
    tx.commit().await?;
    after.revision = before.revision.saturating_add(1);
    Ok(after)
}
