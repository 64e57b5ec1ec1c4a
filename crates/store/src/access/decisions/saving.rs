//! Saves blocks, and lets go of old days.

use domain::id::NodeId;
use domain::time::Timestamp;
use records::block::{self, Block};

use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// Records from which on a block is left as it is.
pub(super) const SETTLED: usize = block::RECORDS_MAX / 2;

/// What became of blocks that were to be saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    /// They are in, with the new position. Some records may have been of tenants that are not there any more.
    Now {
        /// How many.
        of_nobody: u64,
    },
    /// The node's log is saved up to another place than was thought; nothing was written.
    UpTo(u64),
}

/// How far a node's log is saved; 0 when nothing of it is.
pub async fn saved(tx: &mut SystemTx, node: NodeId) -> Result<u64, StoreError> {
    let saved = sqlx::query_scalar!("select saved from decision_logs where node_id = $1", node.uuid())
        .fetch_optional(tx.connection())
        .await?;
    Ok(saved.map_or(0, i64::unsigned_abs))
}

/// Saves what a node's log holds from one place to another, once: who tries again after a broken connection is told
/// that it is done.
pub async fn save(
    tx: &mut SystemTx,
    node: NodeId,
    (from, to): (u64, u64),
    blocks: &[Block],
    now: Timestamp,
) -> Result<Saved, StoreError> {
    sqlx::query!(
        "insert into decision_logs (node_id, saved, saved_at) values ($1, 0, $2) on conflict do nothing",
        node.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    let moved = sqlx::query!(
        "update decision_logs set saved = $3, saved_at = $4 where node_id = $1 and saved = $2",
        node.uuid(),
        bigint(from),
        bigint(to),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(Saved::UpTo(saved(tx, node).await?));
    }
    let inserted = insert(tx, node, from, blocks).await?;
    let given: u64 = blocks.iter().map(|block| u64::from(block.records)).sum();
    Ok(Saved::Now { of_nobody: given.saturating_sub(inserted) })
}

/// Inserts blocks, numbered from `number` on. Says how many records are in.
pub(super) async fn insert(tx: &mut SystemTx, node: NodeId, number: u64, blocks: &[Block]) -> Result<u64, StoreError> {
    let numbers = (bigint(number)..).take(blocks.len());
    let settled = |block: &Block| usize::try_from(block.records).is_ok_and(|records| records >= SETTLED);
    let inserted = sqlx::query_file!(
        "sql/insert_decision_blocks.sql",
        node.uuid(),
        &blocks.iter().map(|b| b.tenant.uuid()).collect::<Vec<_>>(),
        &numbers.collect::<Vec<_>>(),
        &blocks.iter().map(|b| Instant(b.first_at)).collect::<Vec<_>>() as _,
        &blocks.iter().map(|b| Instant(b.last_at)).collect::<Vec<_>>() as _,
        &blocks.iter().map(|b| integer(b.records)).collect::<Vec<_>>(),
        &blocks.iter().map(|b| integer(b.refused)).collect::<Vec<_>>(),
        &blocks.iter().map(settled).collect::<Vec<_>>(),
        &blocks.iter().map(|b| b.filter.as_slice()).collect::<Vec<_>>() as _,
        &blocks.iter().map(|b| b.octets.as_slice()).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(inserted.iter().map(|row| u64::from(row.records.unsigned_abs())).sum())
}

/// Makes the tables of today and the next days, and lets go of records that are older than so many days, 1 to 400.
///
/// To be called every hour. Nothing goes on a day that was not foreseen by an earlier call: the clock may have leapt.
/// Waits at most half a second for those who write; then it is `Unavailable`.
pub async fn keep(tx: &mut SystemTx, now: Timestamp, days: u32) -> Result<(), StoreError> {
    // After days of a wrong clock there may be many records to move.
    sqlx::query!("set local statement_timeout = '10min'").execute(tx.connection()).await?;
    sqlx::query!("select keep_decisions($1, $2)", Instant(now) as _, integer(days)).execute(tx.connection()).await?;
    Ok(())
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
