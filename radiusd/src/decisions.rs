//! Bounds what is kept of answered questions: makes the tables of the next days, and lets go of days that are old.
//!
//! Never touches sessions or usage.

use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use store::access::decisions;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::node::Node;
use crate::standing::duty::Duty;

const EVERY: Duration = Duration::from_secs(3_600);

/// How soon a node looks again whether it has to.
const NOT_OURS: Duration = Duration::from_secs(1);

/// How soon one that failed is tried again: those who write decisions go first.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

pub(crate) async fn keep_decisions(node: Arc<Node>, shutdown: CancellationToken) {
    let mut wait = Duration::ZERO;
    loop {
        let kept = tokio::select! {
            () = shutdown.cancelled() => return,
            kept = async { tokio::time::sleep(wait).await; keep(&node).await } => kept,
        };
        wait = match kept {
            Ok(true) => EVERY,
            Ok(false) => NOT_OURS,
            Err(_) => AGAIN_AFTER,
        };
        match kept {
            Ok(_) => {}
            Err(why) if why.is_unavailable() => debug!("keeping decisions waits for the database: {why}"),
            Err(why) => error!("old decisions cannot be let go of: {why}"),
        }
    }
}

/// `false` when it is another node's to do.
async fn keep(node: &Node) -> Result<bool, StoreError> {
    if !node.duties.holds(Duty::KeepDecisions, node.clock.monotonic_ms()) {
        return Ok(false);
    }
    let mut tx = node.store.system().await?;
    decisions::keep(&mut tx, node.clock.now(), node.settings.decision_days).await?;
    tx.commit().await?;
    Ok(true)
}
