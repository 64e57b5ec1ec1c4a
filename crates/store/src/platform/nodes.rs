//! The board on which nodes tell each other what they are doing.
//!
//! A node looks, decides by what it saw, and writes: its beat alone as long as nothing changes, its claim only if the
//! board is still as it saw it. Never decides who may do what: see `radiusd::standing`.

use domain::id::{NodeId, RunId};
use domain::platform::node::{Claim, Standing};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// The most nodes that are looked at.
const NODES_MAX: i64 = 1_000;

/// What a node's row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posted {
    /// Whose it is.
    pub node: NodeId,
    /// The life of the process that wrote it.
    pub run: RunId,
    /// Another number each time it writes.
    pub beat: i64,
    /// What it may be doing.
    pub claim: Claim,
}

/// All rows at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Board {
    /// Goes up with every change of a claim.
    pub version: i64,
    /// Another text after another server has become the primary; `None` while this one is not.
    pub timeline: Option<String>,
    /// Everybody who ever came, but those long gone.
    pub posted: Vec<Posted>,
}

/// What a node tells of itself.
#[derive(Clone, Copy, Debug)]
pub struct Me<'a> {
    /// The machine's name.
    pub name: &'a str,
    /// The program's version.
    pub version: &'a str,
    /// On what ground it answers.
    pub standing: Standing,
}

/// Lets this transaction wait for nobody, and nobody wait for it long: if we freeze in the middle, the database ends it.
pub async fn be_brief(tx: &mut SystemTx) -> Result<(), StoreError> {
    sqlx::query!(
        "select set_config('lock_timeout', '500ms', true) as a,
                set_config('idle_in_transaction_session_timeout', '1500ms', true) as b"
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// The board as it is committed now.
pub async fn look(tx: &mut SystemTx) -> Result<Board, StoreError> {
    let rows = sqlx::query!(
        r#"select b.version,
                  case when not pg_is_in_recovery()
                      then left(pg_walfile_name(pg_current_wal_lsn()), 8)
                  end as timeline,
                  n.id as "id?", n.run as "run?", n.beat as "beat?", n.claim as "claim?"
           from node_board b
           left join nodes n on true
           order by n.id
           limit $1"#,
        NODES_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let first = rows.first().ok_or(StoreError::Missing { what: "board of nodes" })?;
    let (version, timeline) = (first.version, first.timeline.clone());
    let mut posted = Vec::new();
    for row in rows {
        let (Some(id), Some(run), Some(beat), Some(claim)) = (row.id, row.run, row.beat, row.claim) else { continue };
        let claim = claim.parse().map_err(|_| StoreError::corrupt("nodes", id))?;
        posted.push(Posted { node: NodeId::from_uuid(id), run: RunId::from_uuid(run), beat, claim });
    }
    Ok(Board { version, timeline, posted })
}

/// Writes a node's beat. `false` when the row is not as the node believes: nothing is written.
pub async fn renew(tx: &mut SystemTx, mine: &Posted, me: &Me<'_>) -> Result<bool, StoreError> {
    let renewed = sqlx::query!(
        "update nodes
         set beat = $4, standing = $5, seen_at = clock_timestamp()
         where id = $1 and run = $2 and claim = $3",
        mine.node.uuid(),
        mine.run.uuid(),
        mine.claim.code(),
        mine.beat,
        me.standing.code(),
    )
    .execute(tx.connection())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Writes a node's claim, and that others are lost whose beats stood still, if the board is of that version still.
///
/// `false` when it is not, or when one of the others has moved: then nothing may be committed.
pub async fn claim(
    tx: &mut SystemTx,
    version: i64,
    mine: &Posted,
    me: &Me<'_>,
    lost: &[Posted],
) -> Result<bool, StoreError> {
    let turned = sqlx::query!("update node_board set version = version + 1 where version = $1", version)
        .execute(tx.connection())
        .await?;
    if turned.rows_affected() != 1 {
        return Ok(false);
    }
    let ids: Vec<Uuid> = lost.iter().map(|other| other.node.uuid()).collect();
    let beats: Vec<i64> = lost.iter().map(|other| other.beat).collect();
    let struck = sqlx::query!(
        "update nodes n
         set claim = 'lost'
         from unnest($1::uuid[], $2::bigint[]) as silent (id, beat)
         where n.id = silent.id and n.beat = silent.beat",
        &ids,
        &beats,
    )
    .execute(tx.connection())
    .await?;
    if usize::try_from(struck.rows_affected()) != Ok(lost.len()) {
        return Ok(false);
    }
    sqlx::query!(
        "insert into nodes as n (id, run, name, version, beat, claim, standing)
         values ($1, $2, left($3, 100), left($4, 50), $5, $6, $7)
         on conflict (id) do update
             set run = excluded.run, name = excluded.name, version = excluded.version, beat = excluded.beat,
                 claim = excluded.claim, standing = excluded.standing, seen_at = clock_timestamp(),
                 started_at = case when n.run = excluded.run then n.started_at else clock_timestamp() end",
        mine.node.uuid(),
        mine.run.uuid(),
        me.name,
        me.version,
        mine.beat,
        mine.claim.code(),
        me.standing.code(),
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

/// Ends what a lost node still has open, so that nothing of it is committed afterwards. Returns how many were ended.
pub async fn end_connections_of(tx: &mut SystemTx, node: NodeId) -> Result<u32, StoreError> {
    let ended = sqlx::query_scalar!(r#"select end_connections_of($1) as "ended!""#, node.uuid())
        .fetch_one(tx.connection())
        .await?;
    Ok(u32::try_from(ended).unwrap_or(0))
}

/// A node as people look at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its id.
    pub node: NodeId,
    /// The machine's name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// What it may be doing.
    pub claim: Claim,
    /// What it was doing when it last wrote.
    pub standing: Standing,
    /// When its process started.
    pub started_at: Timestamp,
    /// When it last wrote.
    pub seen_at: Timestamp,
    /// How long ago that is, in seconds.
    pub silent_seconds: u64,
    /// What only one node does and this one has taken on.
    pub duties: Vec<String>,
}

/// All nodes by name, but those long gone.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<Listed>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, name, version, claim, standing, started_at as "started_at: Instant", seen_at as "seen_at: Instant",
                  greatest(extract(epoch from clock_timestamp() - seen_at), 0)::bigint as "silent_seconds!",
                  array(
                      select duty from duty_leases where node_id = n.id and until_at > clock_timestamp() order by duty
                  ) as "duties!"
           from nodes n
           order by name, id
           limit $1"#,
        NODES_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut listed = Vec::new();
    for row in rows {
        let corrupt = || StoreError::corrupt("nodes", row.id);
        listed.push(Listed {
            node: NodeId::from_uuid(row.id),
            name: row.name,
            version: row.version,
            claim: row.claim.parse().map_err(|_| corrupt())?,
            standing: row.standing.parse().map_err(|_| corrupt())?,
            started_at: row.started_at.0,
            seen_at: row.seen_at.0,
            silent_seconds: u64::try_from(row.silent_seconds).unwrap_or(0),
            duties: row.duties,
        });
    }
    Ok(listed)
}

/// Forgets nodes that have been gone for so many days, with their outages.
pub async fn forget_gone(tx: &mut SystemTx, days: u32) -> Result<u64, StoreError> {
    let forgotten = sqlx::query!(
        "with old as (
             select id from nodes
             where claim in ('gone', 'lost')
               and seen_at < clock_timestamp() - make_interval(days => $1)
               and not exists (select from duty_leases where node_id = nodes.id)
         ), outages as (
             delete from node_outages where node_id in (select id from old)
         )
         delete from nodes where id in (select id from old)",
        crate::columns::integer(days),
    )
    .execute(tx.connection())
    .await?;
    Ok(forgotten.rows_affected())
}
