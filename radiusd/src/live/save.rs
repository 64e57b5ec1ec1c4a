//! From memory into the database: what has changed, tenant by tenant, each in one transaction.
//!
//! However often a session was heard of since the last time, it is written once. How far the journal is in the database
//! is noted in the same transaction, so a record that is read again after a crash counts nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actions::access::save_sessions::{self, Stranger, Unsaved};
use domain::access::facts::Holder;
use domain::id::{SessionId, TenantId};
use domain::platform::node::Standing;
use store::access::hours::Spent;
use store::access::positions::Mark;
use store::{StoreError, TenantScope};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::journal::drain::{is_away, keep_aside};
use crate::live::hear::Heard;
use crate::live::recognize::{self, stranger};
use crate::live::table::{self, Known, Table, Uncounted};
use crate::live::{Ground, InDoubt, lock, resolve_doubt};
use crate::node::Node;

/// Sessions in one transaction at most.
const SESSIONS_MAX: usize = 10_000;

/// Sessions of which the database is asked at once.
const STRANGERS_MAX: usize = 2_000;

/// How long one transaction may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether something has changed, and how often when much has.
const PACES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));

/// Sessions of one round that are much.
const MUCH: usize = 500;

/// Writes what changes while memory is the truth, until all was heard; then once more.
pub(crate) async fn keep_saved(node: Arc<Node>, all_heard: CancellationToken) {
    let (mut pace, mut failing) = (PACES.0, false);
    loop {
        // The end of the pause and the end of hearing mean the same: save.
        _ = timeout(pace, all_heard.cancelled()).await;
        let is_last = all_heard.is_cancelled();
        let began = Instant::now();
        match step(&node).await {
            Ok(written) => {
                if std::mem::take(&mut failing) {
                    info!("sessions go into the database again");
                }
                let least = if written > MUCH { PACES.1 } else { PACES.0 };
                // Logins may need the database too.
                pace = began.elapsed().clamp(least, PACES.1);
            }
            Err(why) => {
                if !std::mem::replace(&mut failing, true) {
                    warn!("sessions wait in memory: {why}");
                }
                pace = PACES.1;
            }
        }
        node.meters.sessions_unsaved.set(i64::try_from(node.live.unsaved_count()).unwrap_or(i64::MAX));
        if is_last {
            return;
        }
    }
}

async fn step(node: &Arc<Node>) -> Result<usize, StoreError> {
    // Whoever is cut off may have been taken over from.
    if node.live.ground() == Ground::Database || node.standing.now() != Standing::Alone {
        return Ok(0);
    }
    save(node).await
}

/// What of a tenant is on its way.
struct OnItsWay {
    taken: table::Unsaved,
    unsaved: Unsaved,
    /// Octets that each session adds to its holder's total.
    uncounted: Vec<(SessionId, Uncounted)>,
    heard: Option<u64>,
}

/// Writes what waits, of all tenants. Returns how many sessions were written; an error when some still waits.
///
/// May be dropped half-way: what is on its way arrives all the same, or waits again.
pub(crate) async fn save(node: &Arc<Node>) -> Result<usize, StoreError> {
    let saving = tokio::spawn(save_all(Arc::clone(node)));
    saving.await.unwrap_or_else(|panicked| Err(StoreError::Bug { reason: panicked.to_string() }))
}

async fn save_all(node: Arc<Node>) -> Result<usize, StoreError> {
    let node = &node;
    let _turn = node.live.saving.lock().await;
    let (mut heard, tenants) = {
        let table = node.live.table();
        (table.heard(), table.unsaved_tenants())
    };
    let (mut written, mut failed) = (0, None);
    for tenant in tenants {
        match save_tenant(node, tenant).await {
            Ok(saved) => {
                heard = heard.min(saved.heard);
                written += saved.sessions;
            }
            Err(why) => {
                heard = 0;
                let is_unavailable = is_away(&why);
                failed = Some(why);
                if is_unavailable {
                    break;
                }
            }
        }
    }
    node.live.note_saved(node, heard).await;
    failed.map_or(Ok(written), Err)
}

struct SavedOf {
    sessions: usize,
    /// All records of the tenant before this one are in the database.
    heard: u64,
}

async fn save_tenant(node: &Arc<Node>, tenant: TenantId) -> Result<SavedOf, StoreError> {
    let mut sessions = 0;
    resolve_doubt(node, tenant).await?;
    loop {
        recognize(node, tenant).await?;
        let on_its_way = take(node, tenant);
        sessions += on_its_way.unsaved.sessions.len();
        let heard = on_its_way.heard;
        write(node, tenant, on_its_way).await?;
        if let Some(heard) = heard {
            return Ok(SavedOf { sessions, heard });
        }
    }
}

/// Asks the database about sessions of which a router spoke first.
async fn recognize(node: &Arc<Node>, tenant: TenantId) -> Result<(), StoreError> {
    loop {
        let strangers: Vec<Stranger> =
            node.live.table().strangers(tenant, STRANGERS_MAX).into_iter().map(stranger).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let scope = TenantScope::of_journal(tenant);
        let asking = save_sessions::recognize(&node.store, &scope, &strangers);
        let recognized = timeout(PATIENCE, asking).await.unwrap_or_else(|_elapsed| Err(too_slow()))?;
        let mut heard = Heard::default();
        let new = node.live.hearing(node, true, |by, table| {
            let each = strangers.iter().zip(recognized);
            each.filter_map(|(stranger, recognized)| {
                table.recognize(stranger.id, recognized, by, &mut heard).then_some(())
            })
            .count()
        });
        node.meters.sessions_unannounced.inc_by(u64::try_from(new).unwrap_or(u64::MAX));
        node.live.look_after(node, heard).await;
    }
}

fn take(node: &Node, tenant: TenantId) -> OnItsWay {
    let mut table = node.live.table();
    let table::Taken { unsaved: taken, heard } = table.take_unsaved(tenant, SESSIONS_MAX);
    let mut unsaved = Unsaved { restarts: taken.restarts.clone(), ..Unsaved::default() };
    let mut uncounted = Vec::new();
    let mut spent: BTreeMap<Holder, (u64, u64)> = BTreeMap::new();
    let mut holders = BTreeSet::new();
    for id in &taken.sessions {
        let Some(known) = table.get_mut(*id) else { continue };
        unsaved.sessions.push(known.stored.clone());
        let Some(holder) = known.stored.holder else { continue };
        holders.insert(holder);
        let nas = known.stored.nas;
        for (at, more) in known.take_uncounted() {
            let sums = spent.entry(holder).or_default();
            *sums = (sums.0.saturating_add(more.0), sums.1.saturating_add(more.1));
            unsaved.hours.push(Spent { holder, nas, at, in_octets: more.0, out_octets: more.1 });
            uncounted.push((*id, (at, more)));
        }
    }
    for holder in holders {
        node.live.holders(node).with(tenant, holder, &mut |live, _cap| {
            unsaved.places.extend(live.take_unsaved_places().map(|places| (holder, places)));
        });
    }
    unsaved.spent = spent.into_iter().map(|(holder, (up, down))| (holder, up, down)).collect();
    OnItsWay { taken, unsaved, uncounted, heard }
}

async fn write(node: &Arc<Node>, tenant: TenantId, on_its_way: OnItsWay) -> Result<(), StoreError> {
    let OnItsWay { taken, mut unsaved, uncounted, heard } = on_its_way;
    let scope = TenantScope::of_journal(tenant);
    let mark = Mark {
        journal: node.journal.id(),
        batch: node.context().new_id::<domain::id::kind::Journal>().uuid(),
        position: heard.unwrap_or_else(|| node.live.noted(tenant).unwrap_or_else(|| node.journal.position())),
    };
    let mut tried = timeout(PATIENCE, save_sessions::save(&node.store, &scope, &unsaved, mark)).await;
    if let Ok(Err(why)) = &tried
        && !is_away(why)
    {
        let refused = refused(node, &scope, &unsaved).await;
        if let Ok(refused) = refused
            && !refused.is_empty()
        {
            tried = match set_aside(node, tenant, &refused, &why.to_string()).await {
                Ok(()) => {
                    unsaved.sessions.retain(|session| !refused.contains(&session.id));
                    timeout(PATIENCE, save_sessions::save(&node.store, &scope, &unsaved, mark)).await
                }
                Err(disk) => Ok(Err(disk)),
            };
        }
    }
    let written = tried.unwrap_or_else(|_elapsed| Err(too_slow()));
    let mut table = node.live.table();
    match &written {
        Ok(()) => {
            table.note_saved(&taken.sessions);
            drop(table);
            node.live.note_position(tenant, mark.position);
            #[expect(clippy::cast_precision_loss, reason = "a batch has at most some thousand sessions")]
            node.meters.accounting_batch.observe(unsaved.sessions.len() as f64);
        }
        Err(_) => put_back(node, &mut table, tenant, taken, &unsaved, uncounted, mark),
    }
    written
}

fn put_back(
    node: &Node,
    table: &mut Table,
    tenant: TenantId,
    taken: table::Unsaved,
    unsaved: &Unsaved,
    uncounted: Vec<(SessionId, Uncounted)>,
    mark: Mark,
) {
    table.put_back(tenant, taken);
    for (id, more) in &uncounted {
        if let Some(known) = table.get_mut(*id) {
            known.put_uncounted(*more);
        }
    }
    // The connection may have gone in the middle of the commit.
    lock(&node.live.in_doubt).insert(tenant, InDoubt { mark, uncounted });
    for (holder, _) in &unsaved.places {
        node.live.holders(node).with(tenant, *holder, &mut |live, _cap| live.places_are_unsaved());
    }
}

/// The sessions that the database refuses, found by halves.
async fn refused(node: &Node, scope: &TenantScope, unsaved: &Unsaved) -> Result<Vec<SessionId>, StoreError> {
    let mut refused = Vec::new();
    let mut parts = vec![unsaved.sessions.as_slice()];
    while let Some(part) = parts.pop() {
        if part.is_empty() || save_sessions::would_be_taken(&node.store, scope, part).await? {
            continue;
        }
        match part {
            [one] => refused.push(one.id),
            several => {
                let (some, others) = several.split_at(several.len() / 2);
                parts.extend([some, others]);
            }
        }
    }
    Ok(refused)
}

/// Keeps sessions that cannot be written, each as one record, and goes on without them. After an error some may still
/// be in memory.
async fn set_aside(node: &Arc<Node>, tenant: TenantId, refused: &[SessionId], why: &str) -> Result<(), StoreError> {
    for id in refused {
        let report = |known: &Known| recognize::report_of(tenant, &known.stored, *id);
        let Some(record) = node.live.table().get(*id).map(report) else { continue };
        let kept = keep_aside(node, record, why.to_owned()).await;
        let path = kept.map_err(|disk| StoreError::Unavailable {
            reason: format!("a session that is refused ({why}) cannot be kept aside: {disk}"),
        })?;
        node.live.table().remove(*id);
        error!(session.id = %id, "a session cannot be written, it is kept in `{}`: {why}", path.display());
        node.meters.journal_quarantined.inc();
    }
    Ok(())
}

fn too_slow() -> StoreError {
    StoreError::Unavailable { reason: "writing took too long".to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Writes what waits, or does not, and takes it for failed in the middle of the commit.
    pub(crate) async fn save_and_lose_the_answer(node: &Arc<Node>, tenant: TenantId, is_committed: bool) {
        recognize(node, tenant).await.expect("the database is there");
        let OnItsWay { taken, unsaved, uncounted, heard } = take(node, tenant);
        let batch = node.context().new_id::<domain::id::kind::Journal>().uuid();
        let mark = Mark { journal: node.journal.id(), position: heard.expect("all of it"), batch };
        if is_committed {
            let scope = TenantScope::of_journal(tenant);
            save_sessions::save(&node.store, &scope, &unsaved, mark).await.expect("written");
        }
        put_back(node, &mut node.live.table(), tenant, taken, &unsaved, uncounted, mark);
    }
}
