//! Counts the jobs that wait and those that are parked, so that a pile that does not shrink rings an alarm.

use std::sync::Arc;
use std::time::Duration;

use ports::RouterControl;
use store::StoreError;
use store::platform::jobs;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{Worker, sleep_or_stop};

/// How often they are counted.
const EVERY: Duration = Duration::from_secs(15);

/// How soon it is asked again whether the duty is this node's.
const WAIT: Duration = Duration::from_secs(2);

/// Counts while the duty is this node's: one node tells of all.
pub(crate) async fn keep_counting<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    loop {
        let holds = worker.holds();
        if !holds {
            worker.parts.meters.jobs_are_counted_elsewhere();
        } else if let Err(why) = count(&worker).await {
            debug!("jobs that wait are counted later: {why}");
        }
        if sleep_or_stop(if holds { EVERY } else { WAIT }, &shutdown).await {
            return;
        }
    }
}

async fn count<C: RouterControl>(worker: &Worker<C>) -> Result<(), StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let piles = jobs::piles(&mut tx).await?;
    tx.commit().await?;
    worker.parts.meters.jobs_lie(&piles, worker.context().now());
    Ok(())
}
