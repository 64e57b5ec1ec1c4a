//! What is true at this moment of those who may be online: their places, what they used, their sessions.
//!
//! Kept in memory and written behind. While this node is alone on its database its memory is the truth (`Ground::Memory`):
//! records go from the journal into it (`hear`), and what has changed goes into the database a moment later (`save`).
//! Else the database is the truth, records are written there in transactions, and memory only follows. Never decides:
//! places move by the rules of `policy::access::places`, sessions by those of `policy::access::metering`.

pub mod holder;

pub(crate) mod cut;
mod hear;
pub(crate) mod holders;
pub(crate) mod left;
mod listen;
mod reboots;
mod recall;
mod recognize;
mod reload;
pub(crate) mod save;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::facts::Holder;
use domain::id::{SessionId, TenantId};
use store::StoreError;
use store::access::positions::Mark;
use tokio::time::timeout;
use tracing::{debug, warn};

use self::hear::{Heard, Hearing, remind_holder, tell_holder};
use self::holders::Holders;
use self::left::Left;
use self::reboots::NewRun;
use self::table::{Saved, Table, Uncounted};
use crate::directory::pager;
use crate::journal::Cursor;
use crate::node::Node;

/// How long hearing waits for holders that are not in memory.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the truth about sessions and places is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ground {
    /// Here: the database is written behind.
    Memory,
    /// In the database: memory follows.
    Database,
}

/// A transaction of which nobody heard whether it was committed, and what it added to totals.
#[derive(Debug)]
struct InDoubt {
    mark: Mark,
    uncounted: Vec<(SessionId, Uncounted)>,
}

/// The live state of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Live {
    table: Mutex<Table>,
    is_memory: AtomicBool,
    /// Where hearing goes on in the journal. Whoever holds it takes records in, or keeps others from doing so.
    turn: tokio::sync::Mutex<Cursor>,
    /// Where following goes on while the database is away and would be the truth.
    ahead: Mutex<Cursor>,
    /// Whoever holds it writes to the database.
    saving: tokio::sync::Mutex<()>,
    /// Up to where each tenant's records are in the database.
    noted: Mutex<BTreeMap<TenantId, u64>>,
    in_doubt: Mutex<BTreeMap<TenantId, InDoubt>>,
    /// Runs of routers that have begun, of which the database was not asked yet.
    new_runs: Mutex<BTreeSet<NewRun>>,
    /// What an earlier run has granted and this one has not taken up yet.
    left: Mutex<Option<Arc<Left>>>,
    #[cfg(test)]
    tested: std::sync::OnceLock<Arc<dyn Holders + Send>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Where the truth is.
    pub(crate) fn ground(&self) -> Ground {
        if self.is_memory.load(Ordering::Acquire) { Ground::Memory } else { Ground::Database }
    }

    /// The right to take records in, and where to go on in the journal.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, Cursor> {
        self.turn.lock().await
    }

    fn set_ground(&self, ground: Ground) {
        self.is_memory.store(ground == Ground::Memory, Ordering::Release);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// Works on the table with all that hearing needs.
    fn hearing<T>(&self, node: &Node, is_to_be_saved: bool, work: impl FnOnce(&Hearing<'_>, &mut Table) -> T) -> T {
        let new_id = || node.context().new_id();
        let registry = node.registry.load();
        let vendor = |nas| registry.by_id(nas).map(|known| known.nas.vendor);
        let by = Hearing {
            holders: self.holders(node),
            now: node.clock.now(),
            interim_seconds: node.settings.interim_seconds,
            new_id: &new_id,
            vendor: &vendor,
            left: self.left(),
            is_to_be_saved,
        };
        work(&by, &mut self.table())
    }

    /// Counts what hearing has found, and loads those who are not in memory.
    async fn look_after(&self, node: &Node, heard: Heard) {
        node.meters.sessions_placeless.inc_by(heard.placeless);
        reboots::tell(&heard.rebooted);
        if !heard.absent.is_empty() {
            self.page_in(node, heard.absent).await;
        }
    }

    /// Up to where a tenant's records are in the database, as far as this process knows.
    fn noted(&self, tenant: TenantId) -> Option<u64> {
        lock(&self.noted).get(&tenant).copied()
    }

    fn note_position(&self, tenant: TenantId, position: u64) {
        lock(&self.noted).insert(tenant, position);
    }

    /// All records of the journal before this one are in the database, whosesoever they are.
    async fn note_saved(&self, node: &Arc<Node>, heard: u64) {
        let before = node.journal.position();
        if heard <= before {
            return;
        }
        if let Err(why) = crate::journal::drain::with_disk(node, move |journal| journal.drained(heard)).await {
            warn!("how far the journal is in the database cannot be noted: {why}");
        }
    }

    /// Ends sessions of which nothing was heard for longer than their lease, and forgets grants that came to nothing.
    /// Returns how many ended and how many are online.
    pub(crate) async fn keep_house(&self, node: &Arc<Node>) -> (u64, usize) {
        let mut heard = Heard::default();
        let is_to_be_saved = self.ground() == Ground::Memory;
        let counts = self.hearing(node, is_to_be_saved, |by, table| {
            let ended = table.end_overdue(by, &mut heard);
            table.forget_ended();
            (ended, table.open_count())
        });
        let now = node.clock.now();
        self.holders(node).each(&mut |_tenant, _holder, live| live.forget_unreported(now));
        self.look_after(node, heard).await;
        counts
    }

    /// Sessions that wait to be saved.
    pub(crate) fn unsaved_count(&self) -> usize {
        self.table().unsaved_count()
    }
}

/// Asks whether the transaction of which nobody heard the end was committed; if so, its sums are not added again.
async fn resolve_doubt(node: &Node, tenant: TenantId) -> Result<(), StoreError> {
    let Some(mark) = lock(&node.live.in_doubt).get(&tenant).map(|doubt| doubt.mark) else { return Ok(()) };
    let scope = store::TenantScope::of_journal(tenant);
    let is_committed = actions::access::save_sessions::is_committed(&node.store, &scope, mark).await?;
    let doubt = lock(&node.live.in_doubt).remove(&tenant);
    if let (true, Some(doubt)) = (is_committed, doubt) {
        let mut table = node.live.table();
        for (id, added) in doubt.uncounted {
            if let Some(known) = table.get_mut(id) {
                known.drop_uncounted(added);
            }
        }
    }
    Ok(())
}

impl Live {
    /// Where holders are found.
    fn holders<'a>(&'a self, node: &'a Node) -> &'a dyn Holders {
        #[cfg(test)]
        if let Some(tested) = self.tested.get() {
            return &**tested;
        }
        &node.book
    }

    /// Loads holders who have sessions and are not in memory. What cannot be loaded now is loaded when it is heard of
    /// again.
    async fn page_in(&self, node: &Node, absent: Vec<(TenantId, Holder)>) {
        let mut tenants: BTreeMap<TenantId, BTreeSet<Holder>> = BTreeMap::new();
        for (tenant, holder) in absent {
            tenants.entry(tenant).or_default().insert(holder);
        }
        for (tenant, mut holders) in tenants {
            // Somebody may have loaded them since.
            holders.retain(|holder| !self.holders(node).with(tenant, *holder, &mut |_live, _cap| {}));
            if holders.is_empty() {
                continue;
            }
            let ids: Vec<_> = holders.iter().map(|holder| holder.uuid()).collect();
            match timeout(PATIENCE, pager::load_holders(node, tenant, &ids)).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => return debug!("holders of sessions cannot be loaded now: {why}"),
                Err(_elapsed) => return debug!("holders of sessions cannot be loaded now: the database took too long"),
            }
            let mut heard = Heard::default();
            self.hearing(node, false, |by, table| {
                for known in table.all().filter(|known| known.tenant == tenant && known.is_open()) {
                    if !known.stored.holder.is_some_and(|holder| holders.contains(&holder)) {
                        continue;
                    }
                    match known.saved {
                        Saved::Yes => remind_holder(known, by, &mut heard),
                        Saved::Soon | Saved::No => tell_holder(known, known.all_uncounted(), by, &mut heard),
                    }
                }
            });
        }
    }
}

#[cfg(test)]
mod tests;
