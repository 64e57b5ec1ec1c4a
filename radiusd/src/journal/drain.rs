//! From the journal into the database: one after another, in the order in which the records were taken.
//!
//! A batch that is written again after a crash changes nothing twice: a record's effect is the same however often it
//! comes, it carries the id of the session that it may begin, and a router's restart is a batch of its own, so that it
//! is never repeated after the records that follow it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actions::access::record_usage::{self, Reading};
use domain::access::usage::{NasRestart, UsageRecord};
use domain::id::TenantId;
use domain::platform::node::Standing;
use store::{StoreError, TenantScope};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::record::{self, Record};
use super::{Cursor, Entry, Journal, tend};
use crate::live::{Ground, save};
use crate::node::Node;

/// Records written in one transaction at most.
const BATCH_MAX: usize = 1_000;

/// To so few a batch shrinks when the database does not get it done.
const BATCH_MIN: usize = 16;

/// How long one transaction may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A batch that took longer is followed by a pause as long as itself: logins need the database too.
const SLOW: Duration = Duration::from_millis(250);

/// The first and the longest pause before the database is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How long to wait while nothing may be decided.
const SETTLING: Duration = Duration::from_millis(20);

/// Records that are older mean that the database does not know what we know.
const BEHIND_MICROS: i64 = 10_000_000;

/// Why a batch must be tried again.
pub(crate) type Stalled = String;

/// A drain and how much it takes at once.
#[derive(Debug)]
pub(crate) struct Drain {
    records_max: usize,
}

/// Drains until the role stops and nothing is left, or the database is away then.
pub(crate) async fn drain(node: Arc<Node>, stop: CancellationToken) {
    let all_heard = CancellationToken::new();
    let saving = tokio::spawn(save::keep_saved(Arc::clone(&node), all_heard.clone()));
    hear_all(node, stop).await;
    all_heard.cancel();
    if let Err(panicked) = saving.await {
        error!("the last changes of sessions may not be in the database yet: {panicked}");
    }
}

async fn hear_all(node: Arc<Node>, stop: CancellationToken) {
    let mut drain = Drain::new();
    let mut pause = PAUSES.0;
    let mut stalled = false;
    loop {
        if node.standing.now() == Standing::Settling && !stop.is_cancelled() {
            wait(SETTLING, &stop).await;
            continue;
        }
        let began = Instant::now();
        match drain.step(&node).await {
            Ok(0) => {
                if stop.is_cancelled() {
                    return;
                }
                tokio::select! {
                    () = node.journal.appended() => {}
                    () = stop.cancelled() => {}
                }
            }
            Ok(_) => {
                if std::mem::take(&mut stalled) {
                    info!("accounting records go into the database again");
                }
                pause = PAUSES.0;
                let took = began.elapsed();
                if took > SLOW {
                    wait(took.min(PAUSES.1), &stop).await;
                }
            }
            Err(why) => {
                if !std::mem::replace(&mut stalled, true) {
                    warn!("accounting records wait in the journal: {why}");
                }
                if stop.is_cancelled() {
                    return;
                }
                wait(pause, &stop).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

async fn wait(pause: Duration, stop: &CancellationToken) {
    // The end of the wait and the end of the role mean the same: go on.
    _ = timeout(pause, stop.cancelled()).await;
}

impl Drain {
    pub(crate) const fn new() -> Self {
        Self { records_max: BATCH_MAX }
    }

    /// Writes the next batch. Returns how many records it had; 0 when none wait.
    pub(crate) async fn step(&mut self, node: &Arc<Node>) -> Result<usize, Stalled> {
        let mut cursor = node.live.turn().await;
        match (node.standing.now(), node.live.ground()) {
            (Standing::Alone | Standing::Away, Ground::Memory) => {
                let heard = node.live.listen(node, &mut cursor).await;
                // Memory knows what the journal knows, whether or not it is written.
                node.journal.set_behind(heard.is_err());
                return heard;
            }
            (Standing::Away, Ground::Database) => {
                while node.live.follow_ahead(node).await? > 0 {}
                node.journal.set_behind(true);
                return Err("this node is cut off from the database".to_owned());
            }
            (Standing::Settling, _) => return Err("the nodes have yet to agree on who decides how".to_owned()),
            (Standing::Shared, _) => node.live.step_down(&mut cursor),
            (Standing::Alone, Ground::Database) => {}
        }
        let stepped = self.try_step(node, &mut cursor).await;
        match &stepped {
            Ok(0) => {
                node.live.tell_left(node).await.map_err(|why| why.to_string())?;
                node.journal.set_behind(false);
                tend::note_age(node);
            }
            Ok(_) => self.records_max = (self.records_max * 2).min(BATCH_MAX),
            Err(_) => {
                node.journal.set_behind(true);
                self.records_max = (self.records_max / 2).max(BATCH_MIN);
            }
        }
        stepped
    }

    async fn try_step(&self, node: &Arc<Node>, cursor: &mut Cursor) -> Result<usize, Stalled> {
        let (from, records_max) = (*cursor, self.records_max);
        let (entries, next) = with_disk(node, move |journal| journal.read(from, records_max)).await?;
        let Some(first) = entries.first() else {
            *cursor = next;
            node.live.close_rebooted(node).await?;
            return Ok(0);
        };
        note_age(node, first);
        let batch = &entries[..batch_length(&entries)];
        write(node, batch).await?;
        let (count, behind) = (batch.len(), batch.last().map_or(0, |last| last.sequence.saturating_add(1)));
        node.live.follow(node, batch).await;
        node.live.close_rebooted(node).await?;
        with_disk(node, move |journal| journal.drained(behind)).await?;
        if count == entries.len() {
            *cursor = next;
        }
        Ok(count)
    }
}

pub(crate) async fn with_disk<T: Send + 'static>(
    node: &Arc<Node>,
    work: impl FnOnce(&Journal) -> std::io::Result<T> + Send + 'static,
) -> Result<T, Stalled> {
    let journal = Arc::clone(&node.journal);
    match tokio::task::spawn_blocking(move || work(&journal)).await {
        Ok(done) => done.map_err(|why| format!("the journal's disk does not do its work: {why}")),
        Err(panicked) => Err(panicked.to_string()),
    }
}

/// Notes that the database does not know what we know, when this is old.
fn note_age(node: &Node, first: &Entry) {
    let Ok(record) = &first.content else { return };
    if node.clock.now().since(record.at()).as_micros() > BEHIND_MICROS {
        node.journal.set_behind(true);
    }
}

/// A restart alone, or what comes before the next one.
fn batch_length(entries: &[Entry]) -> usize {
    let restart = entries.iter().position(|entry| matches!(entry.content, Ok(Record::Restart(_))));
    restart.map_or(entries.len(), |place| place.max(1))
}

async fn write(node: &Arc<Node>, batch: &[Entry]) -> Result<(), Stalled> {
    let mut by_tenant: BTreeMap<TenantId, Vec<(&Entry, &UsageRecord)>> = BTreeMap::new();
    for entry in batch {
        match &entry.content {
            Ok(Record::Usage(usage)) => by_tenant.entry(usage.tenant).or_default().push((entry, usage)),
            Ok(Record::Restart(restart)) => write_restart(node, entry, restart).await?,
            Err(_unreadable) => {
                set_aside(node, entry, "it is written in a way that this program does not know").await?
            }
        }
    }
    for (tenant, run) in by_tenant {
        write_run(node, tenant, &run).await?;
    }
    Ok(())
}

/// Writes records of one tenant; halves them until those that the database refuses stand alone.
async fn write_run(node: &Arc<Node>, tenant: TenantId, run: &[(&Entry, &UsageRecord)]) -> Result<(), Stalled> {
    let mut parts = vec![run];
    while let Some(part) = parts.pop() {
        match (record(node, tenant, part).await, part) {
            (Ok(()), _) => {}
            (Err(why), _) if is_away(&why) => return Err(why.to_string()),
            (Err(why), [(entry, _)]) => set_aside(node, entry, &why.to_string()).await?,
            (Err(_), several) => {
                let (earlier, later) = several.split_at(several.len() / 2);
                parts.extend([later, earlier]);
            }
        }
    }
    Ok(())
}

async fn record(node: &Node, tenant: TenantId, part: &[(&Entry, &UsageRecord)]) -> Result<(), StoreError> {
    let scope = TenantScope::of_journal(tenant);
    let records: Vec<(u64, &UsageRecord)> = part.iter().map(|(entry, usage)| (entry.sequence, *usage)).collect();
    let (reading, interim) = (reading(node), node.settings.interim_seconds);
    let writing = record_usage::record_from_journal(&node.store, &scope, reading, &records, interim, node.context());
    let recorded = timeout(PATIENCE, writing).await.unwrap_or_else(|_elapsed| Err(too_slow()))?;
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most a thousand records")]
    node.meters.accounting_batch.observe(records.len() as f64);
    node.meters.sessions_unannounced.inc_by(recorded.unannounced as u64);
    node.meters.sessions_placeless.inc_by(recorded.placeless as u64);
    Ok(())
}

async fn write_restart(node: &Arc<Node>, entry: &Entry, restart: &NasRestart) -> Result<(), Stalled> {
    let scope = TenantScope::of_journal(restart.tenant);
    let writing = record_usage::record_restart(&node.store, &scope, reading(node), entry.sequence, restart);
    match timeout(PATIENCE, writing).await.unwrap_or_else(|_elapsed| Err(too_slow())) {
        Ok(closed) => info!(nas.id = %restart.nas, closed, "a router restarted: {closed} sessions ended"),
        Err(why) if is_away(&why) => return Err(why.to_string()),
        Err(why) => set_aside(node, entry, &why.to_string()).await?,
    }
    Ok(())
}

/// Keeps what a session was told of, as one record, when the database refuses the session for good.
pub(crate) async fn keep_aside(node: &Arc<Node>, record: UsageRecord, why: String) -> Result<PathBuf, Stalled> {
    let payload = record::encode(&Record::Usage(Box::new(record))).unwrap_or_default();
    let sequence = node.journal.take_number();
    with_disk(node, move |journal| journal.quarantine().keep(sequence, &payload, &why)).await
}

fn reading(node: &Node) -> Reading {
    Reading { journal: node.journal.id(), next: node.journal.next() }
}

/// Keeps a record that cannot be written, and goes on without it.
pub(crate) async fn set_aside(node: &Arc<Node>, entry: &Entry, why: &str) -> Result<(), Stalled> {
    let (sequence, payload, reason) = (entry.sequence, entry.payload(), why.to_owned());
    let kept = with_disk(node, move |journal| journal.quarantine().keep(sequence, &payload, &reason)).await?;
    node.meters.journal_quarantined.inc();
    error!("an accounting record cannot be written, it is kept in `{}`: {why}", kept.display());
    Ok(())
}

fn too_slow() -> StoreError {
    StoreError::Unavailable { reason: "writing took too long".to_owned() }
}

/// Whether the database is to blame, and not the record.
pub(crate) const fn is_away(why: &StoreError) -> bool {
    match why {
        StoreError::Unavailable { .. }
        | StoreError::NewerDatabase { .. }
        | StoreError::NotMigrated
        | StoreError::ForeignMigration { .. }
        | StoreError::OldServer { .. }
        | StoreError::WrongMasterKey
        | StoreError::BadUrl
        | StoreError::Denied { .. } => true,
        StoreError::Corrupt { .. }
        | StoreError::Conflict { .. }
        | StoreError::Missing { .. }
        | StoreError::Bug { .. } => false,
    }
}

#[cfg(test)]
pub(crate) mod tests;
