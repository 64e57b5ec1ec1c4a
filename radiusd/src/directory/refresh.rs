//! Keeps the registry of routers true: a router that was added or changed is in force within a second.
//!
//! Compares a fingerprint of the whole table, so no change is missed, in whatever order transactions commit. Tells
//! readiness: whether the database answered the last time.

use std::sync::Arc;
use std::time::Duration;

use boot::health::State;
use store::StoreError;
use store::network::nas::{self, RegistryFingerprint};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::directory::registry::Registry;
use crate::node::{BUDGET, Node};

/// How often the table is looked at.
const EVERY: Duration = Duration::from_millis(800);

/// The name of the check in `/readyz`.
pub const CHECK: &str = "database";

/// Refreshes until the role stops.
pub(crate) async fn keep_fresh(node: Arc<Node>, shutdown: CancellationToken) {
    let mut seen = None;
    // How it was the last time: whether the database answered, and whether those who are known were served without it.
    let mut told = None;
    loop {
        let refreshed = tokio::select! {
            () = shutdown.cancelled() => return,
            refreshed = timeout(BUDGET, refresh(&node, &mut seen)) => refreshed.unwrap_or_else(|_elapsed| Err(too_slow())),
        };
        let serves = !node.registry.load().is_empty() && node.settings.decides_from_memory;
        let is_news = told.replace((refreshed.is_ok(), serves)) != Some((refreshed.is_ok(), serves));
        node.health.set(CHECK, state(&node, &refreshed, serves));
        match &refreshed {
            Ok(()) if is_news => {
                info!(nas.count = node.registry.load().len(), "the database answers; routers are known")
            }
            Err(why) if is_news && serves => {
                warn!("the database does not answer; who is known comes online, who is not gets no answer: {why}");
            }
            Err(why) if is_news => warn!("the database does not answer, logins get no answer until it does: {why}"),
            Ok(()) | Err(_) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// What readiness tells: also how old that is which is served from memory.
fn state(node: &Node, refreshed: &Result<(), StoreError>, serves: bool) -> State {
    match refreshed {
        Ok(()) => State::Ready,
        Err(why) if serves => {
            let stale = node.freshness.known_at().map_or_else(String::new, |at| {
                let seconds = node.clock.now().since(at).as_seconds().max(0);
                format!(" as things were at {at}, {seconds} s ago")
            });
            let note = format!("known customers are served from memory{stale}: {why}");
            State::ReadyBut { note }
        }
        Err(why) => State::NotReady { reason: why.to_string() },
    }
}

fn too_slow() -> StoreError {
    StoreError::Unavailable { reason: "it took too long".to_owned() }
}

async fn refresh(node: &Node, seen: &mut Option<RegistryFingerprint>) -> Result<(), StoreError> {
    let mut tx = node.store.system().await?;
    let fingerprint = nas::registry_fingerprint(&mut tx).await?;
    if seen.as_ref() != Some(&fingerprint) {
        let registered = nas::registry(&mut tx).await?;
        for faulty in &registered.faulty {
            error!(
                tenant.id = %faulty.tenant, nas.id = %faulty.id,
                "router `{}` may not ask, the others may: {}; `mnetifi nas set {} --secret-file FILE` writes its \
                 secret anew", faulty.name, faulty.why, faulty.name
            );
        }
        node.meters.nas_faulty.set(i64::try_from(registered.faulty.len()).unwrap_or(i64::MAX));
        let registry = Registry::of(registered.routers, &node.registry.load());
        node.meters.nas_known.set(i64::try_from(registry.len()).unwrap_or(i64::MAX));
        node.registry.store(Arc::new(registry));
        *seen = Some(fingerprint);
    }
    tx.commit().await
}
