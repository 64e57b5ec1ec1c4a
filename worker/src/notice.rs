//! Notes what is to be said to people, and lets go of what was asked of routers long ago.

use std::sync::Arc;
use std::time::Duration;

use actions::messages::note_ending::note_ending;
use domain::time::Span;
use ports::RouterControl;
use store::access::convergence;
use store::platform::tenants;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::{Worker, sleep_or_stop};

/// How often it is looked whose time is nearly over.
const EVERY: Duration = Duration::from_secs(10);

/// How long it is remembered what routers were asked.
const ORDERS_KEPT: Span = Span::seconds(30 * 24 * 3_600);

/// Notes while the duty is this node's.
pub(crate) async fn keep_noticing<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    loop {
        if worker.holds() {
            match step(&worker).await {
                Ok(0) => {}
                Ok(noted) => info!(noted, "{noted} times are nearly over"),
                Err(why) if why.is_unavailable() => debug!("it is looked later whose time is nearly over: {why}"),
                Err(why) => error!("it cannot be looked whose time is nearly over: {why}"),
            }
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}

async fn step<C: RouterControl>(worker: &Worker<C>) -> Result<u64, StoreError> {
    let store = &worker.parts.store;
    let mut tx = store.system().await?;
    let tenants = tenants::list(&mut tx).await?;
    tx.commit().await?;
    let mut noted = 0;
    for tenant in tenants {
        let scope = TenantScope::of_operator(tenant.id);
        noted += note_ending(store, &scope, worker.context()).await?;
        let mut tx = store.tenant(&scope).await?;
        convergence::forget_orders(&mut tx, worker.context().now().minus(ORDERS_KEPT)).await?;
        tx.commit().await?;
    }
    Ok(noted)
}
