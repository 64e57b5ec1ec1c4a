//! Looks at live sessions when it is time, and hands what has to be asked of routers on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actions::access::converge;
use domain::access::facts::Holder;
use domain::id::TenantId;
use domain::support::exception::ExceptionKind;
use domain::time::{Span, Zone};
use ports::RouterControl;
use store::access::convergence;
use store::support::exceptions;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::tenants::each;
use crate::{Worker, ask, sleep_or_stop};

/// How often it is looked whether it is time.
const EVERY: Duration = Duration::from_millis(200);

/// Sessions of one round at most.
const ROUND: u32 = 2_000;

/// How long sessions are put off that cannot be looked at.
const PUT_OFF: Span = Span::seconds(60);

/// How often waiting sessions are counted, and exceptions whose sessions have ended are resolved.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Looks while the duty is this node's.
pub(crate) async fn keep_looking<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    let mut told = false;
    loop {
        if worker.holds() && worker.routers.are_known() {
            match step(&worker).await {
                Ok(more) => {
                    told = false;
                    if more && !shutdown.is_cancelled() {
                        continue;
                    }
                }
                Err(why) if why.is_unavailable() => debug!("live sessions are looked at later: {why}"),
                Err(why) => {
                    if !std::mem::replace(&mut told, true) {
                        error!("live sessions cannot be looked at: {why}");
                    }
                }
            }
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}

/// One round. Returns whether there is more to look at now.
async fn step<C: RouterControl>(worker: &Arc<Worker<C>>) -> Result<bool, StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let due = convergence::due(&mut tx, worker.context().now(), ROUND).await?;
    tx.commit().await?;
    if due.is_empty() {
        return Ok(false);
    }
    let mut zones = worker.all_tenants().await?;
    if due.iter().any(|(tenant, _)| !zones.contains_key(tenant)) {
        worker.tenants.have_changed();
        zones = worker.all_tenants().await?;
    }
    let mut of_tenants: BTreeMap<TenantId, Vec<Holder>> = BTreeMap::new();
    for (tenant, holder) in due {
        of_tenants.entry(tenant).or_default().push(holder);
    }
    let mut looked_at = 0;
    for (tenant, holders) in of_tenants {
        let scope = TenantScope::of_operator(tenant);
        for some in holders.chunks(converge::HOLDERS_MAX) {
            match look_at(worker, &scope, zones.get(&tenant), some).await {
                Ok(sessions) => looked_at += sessions,
                Err(why) if why.is_unavailable() => return Err(why),
                // One tenant's trouble is not another's.
                Err(why) => {
                    error!(tenant.id = %tenant, "live sessions of a tenant cannot be looked at, the others can: {why}");
                    match put_off(worker, &scope, some).await {
                        Err(why) if why.is_unavailable() => return Err(why),
                        Err(why) => error!(tenant.id = %tenant, "nor can they be put off: {why}"),
                        Ok(()) => {}
                    }
                }
            }
        }
    }
    Ok(looked_at >= usize::try_from(ROUND / 2).unwrap_or(usize::MAX))
}

/// Looks at some holders of one tenant. Returns how many sessions they have.
async fn look_at<C: RouterControl>(
    worker: &Arc<Worker<C>>,
    scope: &TenantScope,
    zone: Option<&Zone>,
    holders: &[Holder],
) -> Result<usize, StoreError> {
    let zone = zone.ok_or(StoreError::Missing { what: "tenant" })?;
    let looked = converge::look(&worker.parts.store, scope, zone, holders, worker.context()).await?;
    let ordered = looked.orders.len();
    let sessions = looked.kept + ordered;
    worker.parts.meters.looked.inc_by(u64::try_from(sessions).unwrap_or(u64::MAX));
    let tenant = scope.tenant();
    if ordered > 0 {
        info!(tenant.id = %tenant, "{ordered} live sessions are to follow, {} are as they should be", looked.kept);
    }
    for order in looked.orders {
        ask::hand(worker, tenant, order);
    }
    Ok(sessions)
}

/// Looks at them later, so that they do not stand before everybody else.
async fn put_off<C: RouterControl>(
    worker: &Worker<C>,
    scope: &TenantScope,
    holders: &[Holder],
) -> Result<(), StoreError> {
    let now = worker.context().now();
    let mut tx = worker.parts.store.tenant(scope).await?;
    convergence::put_off(&mut tx, holders, now, now.plus(PUT_OFF)).await?;
    tx.commit().await
}

/// Counts what waits, and resolves exceptions about sessions that have ended.
pub(crate) async fn keep_counting<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    loop {
        if worker.holds()
            && let Err(why) = count(&worker).await
        {
            debug!("waiting sessions are counted later: {why}");
        }
        if sleep_or_stop(COUNT_EVERY, &shutdown).await {
            return;
        }
    }
}

async fn count<C: RouterControl>(worker: &Worker<C>) -> Result<(), StoreError> {
    let now = worker.context().now();
    let mut tx = worker.parts.store.system().await?;
    let waiting = convergence::count_due(&mut tx, now).await?;
    let troubled = exceptions::tenants_with_open(&mut tx).await?;
    tx.commit().await?;
    worker.parts.meters.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    each(troubled, "resolving exceptions", |tenant| async move {
        let mut tx = worker.parts.store.tenant(&TenantScope::of_operator(tenant)).await?;
        exceptions::resolve_ended(&mut tx, ExceptionKind::SessionNotFollowing, now).await?;
        exceptions::resolve_idle(&mut tx, ExceptionKind::RouterSilent, now).await?;
        tx.commit().await
    })
    .await
}
