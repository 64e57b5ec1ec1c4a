//! Ends what the platform's people did in ISPs' places once its time has run out, so that both audits tell of it.

use std::sync::Arc;
use std::time::Duration;

use actions::people::end_impersonations::end_impersonations;
use ports::RouterControl;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::{Worker, sleep_or_stop};

/// How often it is looked for them.
const EVERY: Duration = Duration::from_secs(5);

/// Ends them while the duty is this node's.
pub(crate) async fn keep_ending<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    loop {
        if worker.holds() {
            match end_impersonations(&worker.parts.store, worker.context()).await {
                Ok(0) => {}
                Ok(ended) => info!(ended, "the time of {ended} impersonations ran out"),
                Err(why) if why.is_unavailable() => debug!("impersonations that ran out are ended later: {why}"),
                Err(why) => error!("an impersonation that ran out cannot be ended; nobody acts by it: {why}"),
            }
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}
