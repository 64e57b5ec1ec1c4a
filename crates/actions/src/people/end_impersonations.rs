//! Ends what the platform's people did in ISPs' places once its time has run out. Nobody can do anything there any more
//! from that moment on, whoever is told of it when.

use domain::platform::audit::{Change, Thing, Verb};
use store::people::impersonations::{self, Impersonation};
use store::people::sign_ins;
use store::platform::{audit, sign_ups};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Those that are ended in one go, each in a transaction of its own.
const AT_ONCE: u16 = 100;

/// Ends those of all ISPs, and tells the audit of each and the platform's. Several nodes may do so at once: each is told
/// of once. Returns how many this one has ended.
///
/// One that cannot be ended keeps none of the others.
pub async fn end_impersonations(store: &Store, context: Context<'_>) -> Result<u64, StoreError> {
    let mut tx = store.system().await?;
    let over = impersonations::run_out(&mut tx, context.now(), AT_ONCE).await?;
    let platform = sign_ups::platform(&mut tx).await?;
    tx.commit().await?;
    let Some(platform) = platform.map(TenantScope::of_operator) else { return Ok(0) };
    let (mut ended, mut fault) = (0, None);
    for visit in &over {
        match end(store, visit, &platform, context).await {
            Ok(first) => ended += u64::from(first),
            Err(why) if why.is_unavailable() => return Err(why),
            Err(why) => fault = Some(why),
        }
    }
    fault.map_or(Ok(ended), Err)
}

async fn end(
    store: &Store,
    visit: &Impersonation,
    platform: &TenantScope,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut there = store.tenant(&TenantScope::of_operator(visit.tenant)).await?;
    if !impersonations::end_run_out(&mut there, visit.id, context.now()).await? {
        return Ok(false);
    }
    let entry = || {
        let changes = vec![Change::of("by", Some(&visit.by_name), None), Change::of("until", Some(visit.until), None)];
        context.audit(Verb::EndImpersonation, Thing::Impersonation(visit.id), changes)
    };
    audit::note(&mut there, &[entry()]).await?;
    let mut here = there.turned_to(platform).await?;
    sign_ins::stop_acting(&mut here, visit.by, visit.id).await?;
    audit::note(&mut here, &[entry()]).await?;
    here.commit().await?;
    Ok(true)
}
