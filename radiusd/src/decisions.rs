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

const EVERY: Duration = Duration::from_secs(3_600);

/// How soon one that failed is tried again: those who write decisions go first.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

pub(crate) async fn keep_decisions(node: Arc<Node>, shutdown: CancellationToken) {
    let mut wait = Duration::ZERO;
    loop {
        let kept = tokio::select! {
            () = shutdown.cancelled() => return,
            kept = async { tokio::time::sleep(wait).await; keep(&node).await } => kept,
        };
        wait = if kept.is_ok() { EVERY } else { AGAIN_AFTER };
        match kept {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => debug!("keeping decisions waits for the database: {why}"),
            Err(why) => error!("old decisions cannot be let go of: {why}"),
        }
    }
}

async fn keep(node: &Node) -> Result<(), StoreError> {
    let mut tx = node.store.system().await?;
    decisions::keep(&mut tx, node.clock.now(), node.settings.decision_days).await?;
    tx.commit().await
}
