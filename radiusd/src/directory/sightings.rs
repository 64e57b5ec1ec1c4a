//! What this node sees of routers: when it heard them, from where, and whether they sign. Told to the database now and
//! then, where all nodes' sights come together and a router that always signs is held to it.
//!
//! A packet costs a few reads here; it writes once a second for each router, and while it is being found out whether
//! the router signs.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actions::network::note_sightings::{self, BATCH_MAX, Noted};
use domain::network::nas::Signing;
use domain::network::sighting::Sighting;
use domain::time::{Span, Timestamp};
use store::StoreError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::directory::registry::KnownNas;
use crate::node::{BUDGET, Node};

/// A router that does nothing new is told of so often.
const HEARD_EVERY_MS: u64 = 60_000;

/// How often the last sight of a router is written down here.
const GLANCE_EVERY_MS: u64 = 1_000;

/// Requests that are counted between two tellings; more are as good as these.
const COUNT_MAX: u32 = 1_000;

/// What is seen of one router.
#[derive(Debug, Default)]
pub struct Watch {
    /// Milliseconds of the monotonic clock; zero: never.
    heard_ms: AtomicU64,
    heard_from: Mutex<Option<IpAddr>>,
    signed: AtomicU32,
    unsigned: AtomicU32,
    told_ms: AtomicU64,
}

impl Watch {
    /// A packet of the router came in.
    pub fn heard(&self, from: IpAddr, now_ms: u64) {
        let before = self.heard_ms.load(Ordering::Relaxed);
        if before != 0 && now_ms.saturating_sub(before) < GLANCE_EVERY_MS {
            return;
        }
        let is_first =
            self.heard_ms.compare_exchange(before, now_ms.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_first {
            *self.heard_from.lock().unwrap_or_else(PoisonError::into_inner) = Some(from.to_canonical());
        }
    }

    /// An Access-Request with a valid Message-Authenticator came in.
    pub fn signed(&self, signing: Signing) {
        // It matters only while it is being found out.
        if signing.is_open() {
            count(&self.signed);
        }
    }

    /// An Access-Request without a Message-Authenticator came in, answered or not.
    pub fn unsigned(&self) {
        count(&self.unsigned);
    }

    /// What is worth telling now. What is taken is not told again.
    fn take(&self, known: &KnownNas, now: Timestamp, now_ms: u64) -> Option<Sighting> {
        let heard_ms = self.heard_ms.load(Ordering::Relaxed);
        let told_ms = self.told_ms.load(Ordering::Relaxed);
        let heard_from = (*self.heard_from.lock().unwrap_or_else(PoisonError::into_inner))?;
        let is_news = self.signed.load(Ordering::Relaxed) > 0
            || (self.unsigned.load(Ordering::Relaxed) > 0 && now_ms.saturating_sub(told_ms) >= GLANCE_EVERY_MS);
        let is_due = heard_ms > told_ms && now_ms.saturating_sub(told_ms) >= HEARD_EVERY_MS;
        if !(is_news || is_due || (told_ms == 0 && heard_ms > 0)) {
            return None;
        }
        self.told_ms.store(now_ms, Ordering::Relaxed);
        let ago = i64::try_from(now_ms.saturating_sub(heard_ms) / 1_000).unwrap_or(0);
        Some(Sighting {
            tenant: known.nas.tenant,
            nas: known.nas.id,
            heard_at: now.minus(Span::seconds(ago)),
            heard_from,
            signed: self.signed.swap(0, Ordering::Relaxed),
            unsigned: self.unsigned.swap(0, Ordering::Relaxed),
        })
    }

    /// What was taken could not be told: it is kept for the next time.
    fn put_back(&self, sighting: &Sighting) {
        self.signed.fetch_add(sighting.signed, Ordering::Relaxed);
        self.unsigned.fetch_add(sighting.unsigned, Ordering::Relaxed);
    }
}

fn count(counter: &AtomicU32) {
    if counter.load(Ordering::Relaxed) < COUNT_MAX {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Tells until the role stops.
pub(crate) async fn keep_telling(node: Arc<Node>, shutdown: CancellationToken) {
    loop {
        let told = tokio::select! {
            () = shutdown.cancelled() => return,
            told = async { tokio::time::sleep(node.settings.sightings_every).await; tell(&node).await } => told,
        };
        match told {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => debug!("what is seen of routers waits for the database: {why}"),
            Err(why) => error!("what is seen of routers cannot be written: {why}"),
        }
    }
}

async fn tell(node: &Node) -> Result<(), StoreError> {
    let registry = node.registry.load_full();
    let (now, now_ms) = (node.clock.now(), node.clock.monotonic_ms());
    let taken: Vec<_> = registry
        .all()
        .filter_map(|known| Some((Arc::clone(known), known.state.watch.take(known, now, now_ms)?)))
        .collect();
    for part in taken.chunks(BATCH_MAX) {
        let noted: Vec<Noted> = part.iter().map(|(known, sighting)| (*sighting, known.nas.signing)).collect();
        let written = timeout(BUDGET, note_sightings::note_sightings(&node.store, &noted, node.context())).await;
        match written {
            Ok(Ok(raised)) => {
                for known in raised.iter().filter_map(|id| registry.by_id(*id)) {
                    info!(
                        tenant.id = %known.nas.tenant, nas.id = %known.nas.id,
                        "`{}` has signed all its logins: from now on it must (Message-Authenticator)", known.nas.name
                    );
                }
            }
            Ok(Err(why)) => {
                part.iter().for_each(|(known, sighting)| known.state.watch.put_back(sighting));
                return Err(why);
            }
            Err(_elapsed) => {
                part.iter().for_each(|(known, sighting)| known.state.watch.put_back(sighting));
                return Err(StoreError::Unavailable { reason: "it took too long".to_owned() });
            }
        }
    }
    Ok(())
}
