//! The feed of changes: which vouchers, subscribers, plans and tenants are different from when one last looked.
//!
//! A node that keeps them in memory takes a [`Cursor`] with [`start`], loads what it wants, and then asks [`since`]
//! again and again. It says *that* something changed; what it is now is read from its own table, in a transaction that
//! begins after the answer.
//!
//! **No gaps.** A cursor is a snapshot: the transactions that had ended when it was taken. What comes next is the
//! changes of those that a later snapshot sees and the cursor does not, in whatever order they committed. A transaction
//! that runs for long, anyone's, holds back its own changes and nobody else's. A change is told once by one cursor;
//! whoever goes on from an older cursor is told again.
//!
//! **What is noted** is each row that was inserted, deleted or really changed: also first uses of vouchers, never
//! usage, places or sessions. One statement over more than 10,000 rows of a tenant is told as [`What::All`].

use std::collections::HashSet;
use std::time::Duration;

use domain::id::{NasId, PlanId, SubscriberId, TenantId, VoucherId};
use domain::mac::Mac;
use uuid::Uuid;

use crate::access::devices;
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// The most changes of one batch.
pub const BATCH_MAX: u16 = 10_000;
/// How long changes are kept: who does not read for as long must load everything anew.
pub const KEPT: Duration = Duration::from_secs(3_600);
/// The time between two marks, by which old changes are let go.
const BETWEEN_MARKS: Duration = Duration::from_secs(30);

/// Something that is different now, or gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum What {
    /// A voucher.
    Voucher(VoucherId),
    /// A subscriber.
    Subscriber(SubscriberId),
    /// A plan, or the revision of it that is in force.
    Plan(PlanId),
    /// A router was taken out of use, or may not be trusted any more.
    Router(NasId),
    /// The tenant's own row: its zone, its calling code.
    Tenant,
    /// What a device's address is known by.
    Device(Mac),
    /// Very much at once: read everything of the tenant again.
    All,
}

/// One change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Change {
    /// Whose.
    pub tenant: TenantId,
    /// Of what.
    pub what: What,
}

/// How far somebody has read. It means nothing to another database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The history of the database, which forks when a standby takes over: it may have lost the last transactions.
    timeline: String,
    /// Whose changes have been told.
    seen: String,
    /// Reading goes on in the middle of those that another snapshot sees.
    within: Option<Within>,
}

/// The place in a batch that was too long to be told at once.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Within {
    upto: String,
    last: Key,
}

/// A row of the feed, in the order of its index.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    transaction: String,
    tenant: Uuid,
    kind: String,
    id: Uuid,
}

/// What changed since a cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// The changes, each once. In no order: what they point at must be read anyway.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether there is more to be told at once.
    pub more: bool,
    /// Whether changes are missing here, since the cursor is older than what is kept or of another history: take `next`,
    /// and load everything anew.
    pub must_reload: bool,
}

/// A cursor that stands at this moment. What is loaded in transactions that begin from now on, together with what the
/// feed tells from here, is complete.
pub async fn start(tx: &mut SystemTx) -> Result<Cursor, StoreError> {
    let row = sqlx::query!(
        r#"select
               pg_current_snapshot()::text as "seen!",
               case when pg_is_in_recovery() then 'standby' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end
                   as "timeline!""#,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Cursor { timeline: row.timeline, seen: row.seen, within: None })
}

/// What changed since a cursor: at most `limit` changes, 1 to [`BATCH_MAX`].
pub async fn since(tx: &mut SystemTx, cursor: &Cursor, limit: u16) -> Result<Batch, StoreError> {
    let now = start(tx).await?;
    let limit = usize::from(limit.clamp(1, BATCH_MAX));
    let upto = cursor.within.as_ref().map_or(&now.seen, |within| &within.upto);
    let last = cursor.within.as_ref().map(|within| &within.last);
    let mut rows = sqlx::query_as!(
        ChangeRow,
        r#"select txid::text as "transaction!", tenant_id as tenant, kind, id
           from changes
           where txid >= pg_snapshot_xmin($1::text::pg_snapshot)
             and (txid, tenant_id, kind, id) > ($3::text::xid8, $4, $5, $6)
             and not pg_visible_in_snapshot(txid, $1::text::pg_snapshot)
             and pg_visible_in_snapshot(txid, $2::text::pg_snapshot)
           order by txid, tenant_id, kind, id
           limit $7"#,
        cursor.seen,
        upto,
        last.map_or("0", |last| &last.transaction),
        last.map_or(Uuid::nil(), |last| last.tenant),
        last.map_or("", |last| &last.kind),
        last.map_or(Uuid::nil(), |last| last.id),
        i64::try_from(limit + 1).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    // Asked after they were read, so that none can have been let go in between.
    if now.timeline != cursor.timeline || is_lost(tx, cursor).await? {
        return Ok(Batch { changes: Vec::new(), next: now, more: false, must_reload: true });
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if more => {
            let within = Within { upto: upto.clone(), last: last.key() };
            Cursor { within: Some(within), ..cursor.clone() }
        }
        _ => Cursor { seen: upto.clone(), within: None, ..now },
    };
    let mut told = HashSet::with_capacity(rows.len());
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let change = Change::try_from(row)?;
        if told.insert(change) {
            changes.push(change);
        }
    }
    // What came while a long batch was told is there at once, too.
    let more = more || cursor.within.is_some();
    Ok(Batch { changes, next, more, must_reload: false })
}

/// Lets go of changes older than [`KEPT`]. Calling it often or on several nodes does no harm.
pub async fn keep(tx: &mut SystemTx) -> Result<(), StoreError> {
    // Marks and changes from a history that this database does not have, because it was restored from a copy of
    // another one, would never be passed.
    sqlx::query!("delete from change_marks where txid > pg_snapshot_xmax(pg_current_snapshot()) or at > now()")
        .execute(tx.connection())
        .await?;
    sqlx::query!("delete from changes where txid >= pg_snapshot_xmax(pg_current_snapshot())")
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "insert into change_marks (at, txid)
         select now(), pg_snapshot_xmin(pg_current_snapshot())
         where not exists (select from change_marks where at > now() - make_interval(secs => $1))
         on conflict do nothing",
        BETWEEN_MARKS.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "with first_kept as (
             select at, txid from change_marks where at <= now() - make_interval(secs => $1) order by at desc limit 1
         ), passed as (
             delete from change_marks m using first_kept f where m.at < f.at
         )
         delete from changes c using first_kept f where c.txid < f.txid",
        KEPT.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether changes since a cursor may be gone: let go, or never made in the history that this database has now.
async fn is_lost(tx: &mut SystemTx, cursor: &Cursor) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select pg_snapshot_xmax($1::text::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
               or pg_snapshot_xmin($1::text::pg_snapshot) < coalesce(
                   (select min(txid) from change_marks where txid <= pg_snapshot_xmax(pg_current_snapshot())), '0'
               ) as "lost!""#,
        cursor.seen,
    )
    .fetch_one(tx.connection())
    .await?)
}

struct ChangeRow {
    transaction: String,
    tenant: Uuid,
    kind: String,
    id: Uuid,
}

impl ChangeRow {
    fn key(&self) -> Key {
        Key { transaction: self.transaction.clone(), tenant: self.tenant, kind: self.kind.clone(), id: self.id }
    }
}

impl TryFrom<ChangeRow> for Change {
    type Error = StoreError;
    fn try_from(row: ChangeRow) -> Result<Self, StoreError> {
        let what = match row.kind.as_str() {
            "voucher" => What::Voucher(VoucherId::from_uuid(row.id)),
            "subscriber" => What::Subscriber(SubscriberId::from_uuid(row.id)),
            "router" => What::Router(NasId::from_uuid(row.id)),
            "plan" => What::Plan(PlanId::from_uuid(row.id)),
            "tenant" => What::Tenant,
            "all" => What::All,
            "device" => What::Device(devices::of_change(row.id)),
            _ => return Err(StoreError::corrupt("changes", row.id)),
        };
        Ok(Self { tenant: TenantId::from_uuid(row.tenant), what })
    }
}
