//! Notes what is to be said to people.

use std::sync::Arc;
use std::time::Duration;

use actions::messages::note_ending::note_ending;
use ports::RouterControl;
use store::platform::tenants;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::{Worker, sleep_or_stop};

/// How often it is looked whose time is nearly over.
const EVERY: Duration = Duration::from_secs(10);

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
    }
    Ok(noted)
}
