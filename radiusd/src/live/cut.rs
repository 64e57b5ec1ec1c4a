//! Ends sessions that their routers have ended because we asked: their places are free at once, also when the router's
//! own report of it is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actions::access::close_cut::close_cut;
use domain::access::session::EndCause;
use domain::id::{SessionId, TenantId};
use domain::platform::node::Standing;
use store::access::convergence::{self, Cut};
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::live::Ground;
use crate::live::hear::Heard;
use crate::node::Node;

/// How often it is looked for them.
const EVERY: Duration = Duration::from_millis(500);

/// Sessions of one round at most.
const ROUND: u32 = 1_000;

/// Ends them as long as the role runs.
pub(crate) async fn keep_cutting(node: Arc<Node>, shutdown: CancellationToken) {
    loop {
        match step(&node).await {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => debug!("sessions that were cut are ended later: {why}"),
            Err(why) => error!("sessions that were cut cannot be ended: {why}"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn step(node: &Arc<Node>) -> Result<(), StoreError> {
    let mut tx = node.store.system().await?;
    let cut = convergence::cut(&mut tx, ROUND).await?;
    tx.commit().await?;
    if cut.is_empty() {
        return Ok(());
    }
    let ended = match (node.live.ground(), node.standing.now()) {
        (Ground::Memory, Standing::Alone) => in_memory(node, &cut).await,
        (Ground::Database, Standing::Shared) => in_the_database(node, &cut).await?,
        // Who decides is not settled, or it is somebody else: they do it.
        (Ground::Memory | Ground::Database, _) => 0,
    };
    if ended > 0 {
        info!(ended, "{ended} sessions have ended because they were cut");
    }
    Ok(())
}

/// One of which its router has spoken since is alive.
async fn in_memory(node: &Arc<Node>, cut: &[Cut]) -> u64 {
    let mut heard = Heard::default();
    let ended = node.live.hearing(node, true, |by, table| {
        let mut ended = 0;
        for Cut { tenant, session, at, cause } in cut {
            let is_over = table.get(*session).is_some_and(|known| {
                known.tenant == *tenant && known.is_open() && known.stored.session.last_heard_at <= *at
            });
            if is_over {
                table.end(*session, *cause, *at, by, &mut heard);
                ended += 1;
            }
        }
        ended
    });
    node.live.look_after(node, heard).await;
    ended
}

async fn in_the_database(node: &Node, cut: &[Cut]) -> Result<u64, StoreError> {
    let mut of_tenants: BTreeMap<TenantId, Vec<(SessionId, EndCause)>> = BTreeMap::new();
    for Cut { tenant, session, cause, .. } in cut {
        of_tenants.entry(*tenant).or_default().push((*session, *cause));
    }
    let mut ended = 0;
    for (tenant, sessions) in of_tenants {
        ended += close_cut(&node.store, &TenantScope::of_operator(tenant), &sessions).await?;
    }
    Ok(ended)
}
