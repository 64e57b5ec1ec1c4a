//! From the log into the database: records become blocks, one or more for each tenant, and each is saved once.
//!
//! How far the log is saved is written in the transaction of the blocks, so whoever tries again after a broken
//! connection or a crash finds out whether it is done.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use records::block::{self, Block};
use store::StoreError;
use store::access::decisions::{self, Saved};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Recorder;
use super::log::{Chunk, Cursor, Log};
use crate::node::Node;

/// How often records are saved, and so how long one is only in the log.
const EVERY: Duration = Duration::from_millis(500);

/// Octets of records that are saved together, more or less: a block or two. While they are, this node holds them four
/// times: as read, as blocks, as the statement's values and as it is sent. And a round is short, so that no login waits
/// long for the core on which it is packed.
const ROUND_OCTETS: usize = 512 * 1_024;

/// The pause between two rounds, in which others have their turn.
const BREATH: Duration = Duration::from_millis(4);

/// How long one transaction may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A round that took longer is followed by a pause as long as itself: logins need the database too.
const SLOW: Duration = Duration::from_millis(250);

/// The longest pause before the database is tried again.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Saves what comes in until the role stops, and then what is left, unless the database is away then.
pub(crate) async fn pack_and_save(node: Arc<Node>, stop: CancellationToken) {
    let mut packer = Packer::default();
    let mut pause = EVERY;
    let mut stalled = false;
    loop {
        let stopping = stop.is_cancelled();
        let began = Instant::now();
        match packer.step(&node).await {
            Ok(round) => {
                if std::mem::take(&mut stalled) {
                    info!("records of decisions go into the database again");
                }
                if stopping && !round.more {
                    return;
                }
                let took = began.elapsed();
                pause = match (round.more, took > SLOW) {
                    (true, false) => BREATH,
                    (true, true) => took.min(PAUSE_MAX),
                    (false, _) => EVERY,
                };
            }
            Err(why) => {
                if !std::mem::replace(&mut stalled, true) {
                    warn!("records of decisions wait in their log: {why}");
                }
                if stopping {
                    return;
                }
                pause = (pause * 2).clamp(EVERY, PAUSE_MAX);
            }
        }
        // The end of the wait and the end of the role mean the same: go on.
        _ = timeout(pause, stop.cancelled()).await;
    }
}

/// What one step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Round {
    /// Records that were saved.
    pub(super) records: u64,
    /// Whether more wait.
    pub(super) more: bool,
}

/// How far the log is packed.
#[derive(Debug, Default)]
pub(super) struct Packer {
    cursor: Cursor,
    /// All records before this one are in the database; not known before it was asked.
    saved: Option<u64>,
}

/// What is to be saved together.
struct Batch {
    blocks: Vec<Block>,
    /// The number behind the last record.
    to: u64,
    records: u64,
    oldest: Option<Timestamp>,
    next: Cursor,
    more: bool,
}

impl Packer {
    /// Saves the next records.
    pub(super) async fn step(&mut self, node: &Arc<Node>) -> Result<Round, String> {
        let recorder = Arc::clone(&node.recorder);
        let saved = match self.saved {
            Some(saved) => saved,
            None => self.ask(node).await.map_err(|why| why.to_string())?,
        };
        let cursor = self.cursor;
        let gathering = move || gather(&recorder.log, cursor, saved);
        let gathered = tokio::task::spawn_blocking(gathering).await.map_err(|why| why.to_string())?;
        let batch = gathered.map_err(|why| format!("the log cannot be read: {why}"))?;
        let now = node.clock.now();
        let age = batch.oldest.map_or(0, |oldest| now.since(oldest).as_seconds().max(0));
        let meters = &node.recorder.log.meters;
        meters.oldest_seconds.set(age);
        if batch.records > 0 {
            match timeout(PATIENCE, save(node, (saved, batch.to), &batch.blocks, now)).await {
                Err(_elapsed) => return Err("saving took too long".to_owned()),
                Ok(Err(why)) => return Err(why.to_string()),
                Ok(Ok(Saved::UpTo(elsewhere))) => return Ok(self.start_over(node, elsewhere)),
                Ok(Ok(Saved::Now { of_nobody })) => {
                    if of_nobody > 0 {
                        warn!(
                            of_nobody,
                            "{of_nobody} records of decisions were of tenants that are not there any more"
                        );
                    }
                }
            }
            self.saved = Some(batch.to);
            node.recorder.log.set_saved(batch.to);
            meters.saved.inc_by(batch.records);
            meters.blocks.inc_by(batch.blocks.len() as u64);
        }
        if !batch.more {
            meters.oldest_seconds.set(0);
        }
        self.cursor = batch.next;
        Ok(Round { records: batch.records, more: batch.more })
    }

    /// Asks the database how far it has the log.
    async fn ask(&mut self, node: &Arc<Node>) -> Result<u64, StoreError> {
        let log = &node.recorder.log;
        let mut tx = node.store.system().await?;
        let mut saved = decisions::saved(&mut tx, log.node()).await?;
        drop(tx);
        if saved > log.next() {
            let fresh = node.context().new_id();
            if let Err(why) = log.rename(fresh) {
                return Err(StoreError::Unavailable { reason: format!("the log cannot be renamed: {why}") });
            }
            warn!("the database knows more of our log of decisions than is in it; it goes on as node {fresh}");
            saved = 0;
        }
        log.set_saved(saved);
        self.saved = Some(saved);
        Ok(saved)
    }

    /// Goes on from what the database says is saved: an earlier try was done after all, or the database is an older one.
    fn start_over(&mut self, node: &Arc<Node>, saved: u64) -> Round {
        node.recorder.log.set_saved(saved);
        *self = Self { cursor: Cursor::default(), saved: (saved <= node.recorder.log.next()).then_some(saved) };
        Round { records: 0, more: true }
    }
}

async fn save(node: &Node, place: (u64, u64), blocks: &[Block], now: Timestamp) -> Result<Saved, StoreError> {
    let mut tx = node.store.system().await?;
    let saved = decisions::save(&mut tx, node.recorder.log.node(), place, blocks, now).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Reads what is next in the log and packs it, leaving out what is saved.
fn gather(log: &Log, from: Cursor, saved: u64) -> io::Result<Batch> {
    let (mut chunks, mut octets, mut next): (Vec<Chunk>, usize, Cursor) = (Vec::new(), 0, from);
    let mut more = true;
    while octets < ROUND_OCTETS {
        let Some(chunk) = log.read(next)? else {
            more = false;
            break;
        };
        next = chunk.next;
        octets += chunk.len();
        chunks.push(chunk);
    }
    let (mut to, mut records, mut oldest) = (saved, 0, None);
    let fresh = chunks.iter().flat_map(Chunk::records).filter(|(number, _)| *number >= saved);
    // In one go, for each look at the records checks them anew.
    let blocks = block::pack(fresh.map(|(number, record)| {
        (to, records) = (number + 1, records + 1);
        oldest.get_or_insert_with(|| record.at());
        record
    }));
    Ok(Batch { blocks, to, records, oldest, next, more })
}

/// Syncs the log and makes room in it, every tenth of a second.
pub(crate) async fn tend(recorder: Arc<Recorder>, clock: Arc<dyn ports::Clock>, stop: CancellationToken) {
    const TENDED_EVERY: Duration = Duration::from_millis(100);
    let mut failing = false;
    loop {
        let stopping = timeout(TENDED_EVERY, stop.cancelled()).await.is_ok();
        let (log, now) = (Arc::clone(&recorder.log), clock.now());
        match tokio::task::spawn_blocking(move || log.tend(now)).await {
            Ok(Ok(())) => failing = false,
            Ok(Err(why)) if !std::mem::replace(&mut failing, true) => {
                tracing::error!("the log of decisions cannot be kept in order: {why}; is its disk full?");
            }
            Ok(Err(_told)) => {}
            Err(panicked) => tracing::error!("tending the log of decisions ended: {panicked}"),
        }
        if stopping {
            return;
        }
    }
}
