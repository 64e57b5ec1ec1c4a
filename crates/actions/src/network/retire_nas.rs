//! Takes a router out of use: from the next second on it may not ask, and who is online there is cut. Its sessions and
//! decisions stay.

use domain::network::nas::Nas;
use domain::platform::audit::{Thing, Verb};
use store::network::nas;
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::network::change_nas::{AsSeen, Which, locked};
use crate::network::register_nas::{NasRefused, changes};

/// Retires a router that is as its caller saw it. Its name is free afterwards.
pub async fn retire_nas(
    store: &Store,
    scope: &TenantScope,
    which: Which<'_>,
    as_seen: &AsSeen<'_>,
    context: Context<'_>,
) -> Result<Nas, NasRefused> {
    let mut tx = store.tenant(scope).await?;
    let router = locked(&mut tx, which, as_seen).await?;
    nas::retire(&mut tx, router.id, context.now()).await?;
    let entry = context.audit(Verb::RetireRouter, Thing::Router(router.id), changes(Some(&router), None));
    audit::note(&mut tx, &[entry]).await?;
    tx.commit().await?;
    Ok(router)
}
