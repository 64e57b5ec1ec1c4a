//! Wakes live sessions whose plan, voucher, subscriber or tenant has changed. A hint that is lost costs nothing: at the
//! start all are woken, and each session is looked at again by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PlanId, TenantId};
use ports::RouterControl;
use store::access::convergence;
use store::changes::{self, Change, Cursor, What};
use store::platform::tenants;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use uuid::Uuid;

use crate::{Worker, sleep_or_stop};

/// How often the feed is read.
const EVERY: Duration = Duration::from_millis(300);

/// Reads the feed while the duty is this node's.
pub(crate) async fn keep_waking<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    let mut cursor = None;
    loop {
        if worker.holds() {
            match step(&worker, cursor.take()).await {
                Ok((next, more)) => {
                    cursor = Some(next);
                    if more {
                        continue;
                    }
                }
                // Without a cursor all are woken: nothing is missed.
                Err(why) => debug!("changes are read later: {why}"),
            }
        } else {
            cursor = None;
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}

async fn step<C: RouterControl>(worker: &Worker<C>, cursor: Option<Cursor>) -> Result<(Cursor, bool), StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let Some(cursor) = cursor else {
        let next = changes::start(&mut tx).await?;
        let tenants = tenants::list(&mut tx).await?;
        tx.commit().await?;
        for tenant in tenants {
            wake(worker, tenant.id, &OfTenant { all: true, ..OfTenant::default() }).await?;
        }
        return Ok((next, false));
    };
    let batch = changes::since(&mut tx, &cursor, changes::BATCH_MAX).await?;
    tx.commit().await?;
    if batch.must_reload {
        return Err(StoreError::Unavailable { reason: "more has changed than the feed still tells of".to_owned() });
    }
    let mut tenants: BTreeMap<TenantId, OfTenant> = BTreeMap::new();
    for Change { tenant, what } in batch.changes {
        let of_tenant = tenants.entry(tenant).or_default();
        match what {
            What::Voucher(id) => of_tenant.holders.push(id.uuid()),
            What::Subscriber(id) => of_tenant.holders.push(id.uuid()),
            What::Plan(id) => of_tenant.plans.push(id),
            What::Tenant | What::All => of_tenant.all = true,
            // Who may come back by its address says nothing about who is online.
            What::Device(_) => {}
        }
    }
    for (tenant, of_tenant) in tenants {
        wake(worker, tenant, &of_tenant).await?;
    }
    Ok((batch.next, batch.more))
}

#[derive(Default)]
struct OfTenant {
    all: bool,
    plans: Vec<PlanId>,
    holders: Vec<Uuid>,
}

async fn wake<C: RouterControl>(worker: &Worker<C>, tenant: TenantId, of_tenant: &OfTenant) -> Result<(), StoreError> {
    let scope = TenantScope::of_operator(tenant);
    let now = worker.context().now();
    let mut tx = worker.parts.store.tenant(&scope).await?;
    let mut woken = 0;
    if of_tenant.all {
        woken += convergence::wake_all(&mut tx, now).await?;
    } else {
        if !of_tenant.plans.is_empty() {
            woken += convergence::wake_plans(&mut tx, &of_tenant.plans, now).await?;
        }
        if !of_tenant.holders.is_empty() {
            woken += convergence::wake_holders(&mut tx, &of_tenant.holders, now).await?;
        }
    }
    tx.commit().await?;
    if woken > 0 {
        debug!(tenant.id = %tenant, woken, "{woken} live sessions are looked at again");
    }
    Ok(())
}
