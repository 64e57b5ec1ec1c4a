//! Takes a zone away that nobody works in and nothing lies in.

use domain::id::ZoneId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::place::Area;
use store::platform::{audit, places};
use store::{Store, TenantScope};

use super::PlaceError;
use crate::context::Context;

/// Takes it away. `is_meant`: whether it is meant as it is at that moment.
pub async fn remove_zone(
    store: &Store,
    scope: &TenantScope,
    id: ZoneId,
    is_meant: &(dyn Fn(&Area) -> bool + Send + Sync),
    context: Context<'_>,
) -> Result<(), PlaceError> {
    let mut tx = store.tenant(scope).await?;
    let zone = places::lock_zone(&mut tx, id).await?.ok_or(PlaceError::Unknown("zone"))?;
    if !is_meant(&zone) {
        return Err(PlaceError::ChangedMeanwhile);
    }
    let names = places::names_in_zone(&mut tx, id).await?;
    if !names.is_empty() {
        let names = names.join(", ");
        return Err(PlaceError::InUse(format!("{names} work in this zone: give them other zones first")));
    }
    let lying = places::customers_in_zone(&mut tx, id).await?;
    if lying > 0 {
        let said = format!("{lying} customers and subscribers are in this zone: move them to another first");
        return Err(PlaceError::InUse(said));
    }
    places::leave_zone(&mut tx, id).await?;
    places::remove_zone(&mut tx, id).await?;
    let changes = vec![Change::of("name", Some(&zone.name), None)];
    audit::note(&mut tx, &[context.audit(Verb::RemoveZone, Thing::Zone(id), changes)]).await?;
    Ok(tx.commit().await?)
}
