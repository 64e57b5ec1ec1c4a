//! Wakes live sessions whose plan, voucher, subscriber, router or tenant has changed. A hint that is lost costs nothing: at the
//! start all are woken, and each session is looked at again by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{NasId, PlanId, TenantId};
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
    let mut waiting = Waiting::default();
    loop {
        if worker.holds() {
            match step(&worker, &mut cursor, &mut waiting).await {
                Ok(true) => continue,
                Ok(false) => {}
                // What is to be woken is remembered.
                Err(why) => debug!("live sessions are woken later: {why}"),
            }
        } else {
            (cursor, waiting) = (None, Waiting::default());
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}

/// Whose sessions are to be woken.
type Waiting = BTreeMap<TenantId, OfTenant>;

/// Reads what is new, and wakes. Returns whether there is more to read.
async fn step<C: RouterControl>(
    worker: &Worker<C>,
    cursor: &mut Option<Cursor>,
    waiting: &mut Waiting,
) -> Result<bool, StoreError> {
    let more = read(worker, cursor, waiting).await?;
    let mut failed = None;
    for (tenant, of_tenant) in std::mem::take(waiting) {
        // One tenant's trouble is not another's.
        if let Err(why) = wake(worker, tenant, &of_tenant).await {
            waiting.insert(tenant, of_tenant);
            failed = Some(why);
        }
    }
    failed.map_or(Ok(more), Err)
}

async fn read<C: RouterControl>(
    worker: &Worker<C>,
    cursor: &mut Option<Cursor>,
    waiting: &mut Waiting,
) -> Result<bool, StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let batch = match cursor.as_ref() {
        Some(from) => Some(changes::since(&mut tx, from, changes::BATCH_MAX).await?).filter(|batch| !batch.must_reload),
        None => None,
    };
    let Some(batch) = batch else {
        // At the start, or when more has changed than the feed still tells of: everybody's.
        let next = changes::start(&mut tx).await?;
        let tenants = tenants::list(&mut tx).await?;
        tx.commit().await?;
        worker.tenants.have_changed();
        for tenant in tenants {
            worker.tenants.touch(tenant.id);
            waiting.entry(tenant.id).or_default().all = true;
        }
        *cursor = Some(next);
        return Ok(false);
    };
    tx.commit().await?;
    for Change { tenant, what } in batch.changes {
        let of_tenant = waiting.entry(tenant).or_default();
        worker.tenants.touch(tenant);
        match what {
            What::Voucher(id) => of_tenant.holders.push(id.uuid()),
            What::Subscriber(id) => of_tenant.holders.push(id.uuid()),
            What::Plan(id) => of_tenant.plans.push(id),
            What::Tenant => {
                // Before they are looked at: its calendar may run elsewhere now.
                worker.tenants.have_changed();
                of_tenant.all = true;
            }
            What::All => of_tenant.all = true,
            What::Router(id) => of_tenant.routers.push(id),
            // Who may come back by its address says nothing about who is online.
            What::Device(_) => {}
        }
    }
    *cursor = Some(batch.next);
    Ok(batch.more)
}

#[derive(Default)]
struct OfTenant {
    all: bool,
    plans: Vec<PlanId>,
    holders: Vec<Uuid>,
    routers: Vec<NasId>,
}

async fn wake<C: RouterControl>(worker: &Worker<C>, tenant: TenantId, of_tenant: &OfTenant) -> Result<(), StoreError> {
    let scope = TenantScope::of_operator(tenant);
    let now = worker.context().now();
    if !of_tenant.all && !of_tenant.holders.is_empty() {
        let mut tx = worker.parts.store.tenant(&scope).await?;
        convergence::wake_holders(&mut tx, &of_tenant.holders, now).await?;
        tx.commit().await?;
    }
    if !of_tenant.all && !of_tenant.routers.is_empty() {
        let mut after = None;
        loop {
            let mut tx = worker.parts.store.tenant(&scope).await?;
            after = convergence::wake_on_routers(&mut tx, &of_tenant.routers, after, now).await?;
            tx.commit().await?;
            if after.is_none() {
                break;
            }
        }
    }
    if !of_tenant.all && of_tenant.plans.is_empty() {
        return Ok(());
    }
    let plans = (!of_tenant.all).then_some(of_tenant.plans.as_slice());
    let mut after = None;
    loop {
        let mut tx = worker.parts.store.tenant(&scope).await?;
        after = convergence::wake_many(&mut tx, plans, after, now).await?;
        tx.commit().await?;
        if after.is_none() {
            return Ok(());
        }
    }
}
