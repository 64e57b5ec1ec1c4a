//! Notes what is to be said to people.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actions::messages::note_ending::note_ending;
use ports::RouterControl;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::tenants::each;
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

/// Looks at those tenants alone of whom somebody's time may be nearly over: of a thousand that are idle, at none.
async fn step<C: RouterControl>(worker: &Worker<C>) -> Result<u64, StoreError> {
    let store = &worker.parts.store;
    let all = worker.all_tenants().await?;
    let due = worker.tenants.nearly_over(&all, worker.context().now());
    let noted = AtomicU64::new(0);
    each(due, "looking whose time is nearly over", |tenant| {
        let noted = &noted;
        async move {
            let looked = note_ending(store, &TenantScope::of_operator(tenant), worker.context()).await?;
            noted.fetch_add(looked.noted, Ordering::Relaxed);
            worker.tenants.ends_next(tenant, looked.next);
            Ok(())
        }
    })
    .await?;
    Ok(noted.into_inner())
}
