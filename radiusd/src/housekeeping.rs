//! What the role does on a timer: counts sessions that are online; and, as one node for all, ends sessions of which
//! nothing is heard and lets go of old changes and of nodes that are gone.

use std::sync::Arc;

use actions::access::close_overdue;
use store::access::sessions;
use store::platform::{nodes, tenants};
use store::{StoreError, TenantScope, changes};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::live::Ground;
use crate::node::Node;
use crate::standing::duty::Duty;

/// How long a node that is gone is remembered, with its outages.
const GONE_DAYS: u32 = 90;

pub(crate) async fn keep_house(node: Arc<Node>, shutdown: CancellationToken) {
    loop {
        let done = tokio::select! {
            () = shutdown.cancelled() => return,
            done = async { tokio::time::sleep(node.settings.tidy_every).await; step_unless_behind(&node).await } => done,
        };
        match done {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => debug!("housekeeping waits for the database: {why}"),
            Err(why) => error!("sessions that are over cannot be ended: {why}"),
        }
    }
}

/// Sessions would be ended whose reports wait in our own journal.
async fn step_unless_behind(node: &Arc<Node>) -> Result<(), StoreError> {
    if node.journal.is_behind() {
        return Ok(());
    }
    let (ended, open) = node.live.keep_house(node).await;
    if node.live.ground() == Ground::Memory {
        node.meters.sessions_open.set(i64::try_from(open).unwrap_or(i64::MAX));
        if ended > 0 {
            info!(ended, "ended {ended} sessions that were not heard of");
        }
    }
    step(node).await
}

async fn step(node: &Node) -> Result<(), StoreError> {
    let mut tx = node.store.system().await?;
    let tenants = tenants::list(&mut tx).await?;
    let is_in_memory = node.live.ground() == Ground::Memory;
    let open = if is_in_memory { None } else { Some(sessions::count_open(&mut tx).await?) };
    let now_ms = node.clock.monotonic_ms();
    if node.duties.holds(Duty::Tidy, now_ms) {
        changes::keep(&mut tx).await?;
        nodes::forget_gone(&mut tx, GONE_DAYS).await?;
    }
    tx.commit().await?;
    if let Some(open) = open {
        node.meters.sessions_open.set(i64::try_from(open).unwrap_or(i64::MAX));
    }
    if is_in_memory || !node.duties.holds(Duty::CloseOverdue, now_ms) {
        return Ok(());
    }
    for tenant in tenants {
        let scope = TenantScope::of_operator(tenant.id);
        loop {
            let closed = close_overdue::close_overdue(&node.store, &scope, node.context()).await?;
            if closed > 0 {
                info!(tenant.id = %tenant.id, closed, "ended {closed} sessions of `{}` that were not heard of", tenant.slug);
            }
            if closed < u64::from(close_overdue::BATCH_MAX) {
                break;
            }
        }
    }
    Ok(())
}
