//! What is done now and then for the records that are kept: days come and go, and small blocks become bigger ones.
//!
//! Never touches sessions or usage. One node does it for all.

use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use store::access::decisions;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::node::Node;
use crate::standing::duty::Duty;

const DAYS_EVERY: Duration = Duration::from_secs(3_600);

/// How soon a node looks again whether it has to.
const NOT_OURS: Duration = Duration::from_secs(1);

/// How soon one that failed is tried again: those who write decisions go first.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

const JOINED_EVERY: Duration = Duration::from_secs(60);

/// Blocks that are made of small ones in one go, before logins have the database to themselves again.
const JOINED_MAX: usize = 500;

/// Makes the tables of the next days, and lets go of days that are old.
pub(crate) async fn keep_decisions(node: Arc<Node>, shutdown: CancellationToken) {
    let mut wait = Duration::ZERO;
    loop {
        let kept = tokio::select! {
            () = shutdown.cancelled() => return,
            kept = async { tokio::time::sleep(wait).await; keep(&node).await } => kept,
        };
        wait = match kept {
            Ok(true) => DAYS_EVERY,
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
    if !is_ours(node) {
        return Ok(false);
    }
    let mut tx = node.store.system().await?;
    decisions::keep(&mut tx, node.clock.now(), node.settings.decision_days).await?;
    tx.commit().await?;
    Ok(true)
}

fn is_ours(node: &Node) -> bool {
    node.duties.holds(Duty::KeepDecisions, node.clock.monotonic_ms())
}

/// Joins small blocks, as long as there are any.
pub(crate) async fn join_decisions(node: Arc<Node>, shutdown: CancellationToken) {
    while timeout(JOINED_EVERY, shutdown.cancelled()).await.is_err() {
        for _ in 0..JOINED_MAX {
            match join(&node).await {
                Ok(true) if !shutdown.is_cancelled() => {}
                Ok(_) => break,
                Err(why) if why.is_unavailable() => {
                    debug!("joining decisions waits for the database: {why}");
                    break;
                }
                Err(why) => {
                    error!("small blocks of decisions cannot be joined: {why}");
                    break;
                }
            }
        }
    }
}

/// Whether there were any, and they are ours to join.
async fn join(node: &Node) -> Result<bool, StoreError> {
    if !is_ours(node) {
        return Ok(false);
    }
    let mut tx = node.store.system().await?;
    let joined = decisions::join_small(&mut tx, node.clock.now()).await?;
    tx.commit().await?;
    Ok(joined)
}
