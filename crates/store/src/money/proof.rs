//! The proof chain: each day's entries and messages, digested, with the hash of the day before. A day that is closed
//! shows whatever is done to it; keep the last hash somewhere else, and whoever writes all anew shows, too.

use std::fmt;

use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::columns::{Instant, counter, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Rows that are digested at once.
const CHUNK: i64 = 2_000;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What the chain begins with.
pub const BEGINNING: Hash = [0; 32];

/// The most days that one walk reads at once.
const DAYS_AT_ONCE: i64 = 400;

/// A closed day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Counts from 1.
    pub place: u32,
    /// Its first moment.
    pub begins_at: Timestamp,
    /// The first moment after it.
    pub ends_at: Timestamp,
    /// Entries of the ledger written in it.
    pub entries: u64,
    /// Messages about money that came in it.
    pub notes: u64,
    /// Their digest.
    pub digest: Hash,
    /// The hash of this day after the one before.
    pub hash: Hash,
    /// When it was closed.
    pub closed_at: Timestamp,
}

impl Day {
    /// The hash that it must have after a day with that hash.
    pub fn hash_after(&self, before: &Hash, tenant: Uuid) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"mnetifi proof 1");
        hash.update(before);
        hash.update(tenant.as_bytes());
        hash.update(self.place.to_be_bytes());
        hash.update(self.begins_at.as_micros().to_be_bytes());
        hash.update(self.ends_at.as_micros().to_be_bytes());
        hash.update(self.entries.to_be_bytes());
        hash.update(self.notes.to_be_bytes());
        hash.update(self.digest);
        hash.finalize().into()
    }
}

/// What a span of time holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    /// Entries.
    pub entries: u64,
    /// Messages.
    pub notes: u64,
    /// Over all of them, in the order of their ids.
    pub digest: Hash,
}

/// Digests what was written from one moment until before another.
pub async fn digest(tx: &mut TenantTx, begins_at: Timestamp, ends_at: Timestamp) -> Result<Digest, StoreError> {
    let mut hash = Sha256::new();
    let span = (begins_at, ends_at);
    let entries = Rows::Entries.digest(tx, span, &mut hash).await?;
    hash.update(b"notes");
    let notes = Rows::Notes.digest(tx, span, &mut hash).await?;
    Ok(Digest { entries, notes, digest: hash.finalize().into() })
}

/// A row as it is digested.
struct Line {
    id: Uuid,
    line: String,
}

/// What is digested.
#[derive(Clone, Copy)]
enum Rows {
    Entries,
    Notes,
}

impl Rows {
    /// Digests those of a span in the order of their ids, some at a time. Returns how many there are.
    async fn digest(
        self,
        tx: &mut TenantTx,
        span: (Timestamp, Timestamp),
        hash: &mut Sha256,
    ) -> Result<u64, StoreError> {
        let (mut last, mut count) = (Uuid::nil(), 0);
        loop {
            let lines = match self {
                Self::Entries => entries_after(tx, span, last).await?,
                Self::Notes => notes_after(tx, span, last).await?,
            };
            let Some(end) = lines.last() else { return Ok(count) };
            last = end.id;
            for one in lines {
                line(hash, &one.line);
                count += 1;
            }
        }
    }
}

async fn entries_after(tx: &mut TenantTx, span: (Timestamp, Timestamp), after: Uuid) -> Result<Vec<Line>, StoreError> {
    let tenant = tx.tenant_uuid();
    Ok(sqlx::query_as!(
        Line,
        r#"select e.id,
                  concat_ws('|', e.id, e.kind, e.arrival_id, e.payment_id, e.refund_id,
                      (extract(epoch from e.at) * 1000000)::bigint,
                      (select string_agg(concat_ws(',', p.place, p.account, p.gateway_id, p.phone, p.subscriber_id,
                                                   p.amount_minor, p.currency), ';' order by p.place)
                       from ledger_postings p
                       where p.tenant_id = e.tenant_id and p.entry_id = e.id)) as "line!"
           from ledger_entries e
           where e.tenant_id = $1 and e.at >= $2 and e.at < $3 and e.id > $4
           order by e.id
           limit $5"#,
        tenant,
        Instant(span.0) as _,
        Instant(span.1) as _,
        after,
        CHUNK,
    )
    .fetch_all(tx.connection())
    .await?)
}

async fn notes_after(tx: &mut TenantTx, span: (Timestamp, Timestamp), after: Uuid) -> Result<Vec<Line>, StoreError> {
    let tenant = tx.tenant_uuid();
    Ok(sqlx::query_as!(
        Line,
        r#"select n.id,
                  concat_ws('|', n.id, n.arrival_id, a.gateway_id, n.source, coalesce(n.receipt, '-'), n.is_proof,
                      n.amount_minor, n.currency, (extract(epoch from n.at) * 1000000)::bigint,
                      a.amount_minor, a.currency, (extract(epoch from a.arrived_at) * 1000000)::bigint,
                      n.account) as "line!"
           from arrival_notes n
           join arrivals a on a.tenant_id = n.tenant_id and a.id = n.arrival_id
           where n.tenant_id = $1 and n.at >= $2 and n.at < $3 and n.id > $4
           order by n.id
           limit $5"#,
        tenant,
        Instant(span.0) as _,
        Instant(span.1) as _,
        after,
        CHUNK,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// A line with its length before it, so that no two sets of lines read alike.
fn line(hash: &mut Sha256, line: &str) {
    hash.update(u64::try_from(line.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(line.as_bytes());
}

/// The last closed day. Nobody else closes one until the transaction ends.
pub async fn last(tx: &mut TenantTx) -> Result<Option<Day>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0)) as locked", format!("{tenant} proof days"))
        .fetch_one(tx.connection())
        .await?;
    let place = sqlx::query_scalar!("select max(place) from proof_days where tenant_id = $1", tenant)
        .fetch_one(tx.connection())
        .await?;
    let Some(place) = place else { return Ok(None) };
    Ok(days(tx, u32::try_from(place - 1).unwrap_or(0)).await?.into_iter().next())
}

/// When the first entry or message was written that no day has yet.
pub async fn first_open(tx: &mut TenantTx, from: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let first = sqlx::query_scalar!(
        r#"select least(
               (select min(at) from ledger_entries where tenant_id = $1 and ($2::timestamptz is null or at >= $2)),
               (select min(at) from arrival_notes where tenant_id = $1 and ($2::timestamptz is null or at >= $2))
           ) as "first: Instant""#,
        tenant,
        Instant::of(from) as _,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(first.map(|first| first.0))
}

/// Closes a day.
pub async fn close(tx: &mut TenantTx, day: &Day) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into proof_days (tenant_id, place, begins_at, ends_at, entries, notes, digest, hash, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        i32::try_from(day.place).unwrap_or(i32::MAX),
        Instant(day.begins_at) as _,
        Instant(day.ends_at) as _,
        counter(day.entries),
        counter(day.notes),
        &day.digest[..],
        &day.hash[..],
        Instant(day.closed_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Closed days after one, in their order; at most 400.
pub async fn days(tx: &mut TenantTx, after: u32) -> Result<Vec<Day>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select place, begins_at as "begins_at: Instant", ends_at as "ends_at: Instant", entries, notes, digest, hash,
                  closed_at as "closed_at: Instant"
           from proof_days
           where tenant_id = $1 and place > $2
           order by place
           limit $3"#,
        tenant,
        i32::try_from(after).unwrap_or(i32::MAX),
        DAYS_AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || StoreError::corrupt("proof_days", tenant);
            Ok(Day {
                place: u32::try_from(row.place).map_err(|_| corrupt())?,
                begins_at: row.begins_at.0,
                ends_at: row.ends_at.0,
                entries: uncounter(row.entries),
                notes: uncounter(row.notes),
                digest: row.digest.try_into().map_err(|_| corrupt())?,
                hash: row.hash.try_into().map_err(|_| corrupt())?,
                closed_at: row.closed_at.0,
            })
        })
        .collect()
}

/// What a walk over the chain has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Days that are as they were closed.
    pub days: u32,
    /// The hash that the last of them ends with.
    pub head: Hash,
    /// The first thing that is wrong.
    pub fault: Option<ProofFault>,
}

/// What is wrong with the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProofFault {
    /// A day is not there.
    Missing {
        /// Which.
        place: u32,
    },
    /// What was written in a day is not what it was when the day was closed.
    Changed {
        /// Which.
        place: u32,
        /// Its first moment.
        begins_at: Timestamp,
    },
    /// A day does not follow the one before.
    Unlinked {
        /// Which.
        place: u32,
    },
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { place } => write!(f, "day {place} was taken out"),
            Self::Changed { place, begins_at } => {
                write!(f, "day {place}, which began at {begins_at}, is not as it was when it was closed")
            }
            Self::Unlinked { place } => write!(f, "day {place} does not follow the day before"),
        }
    }
}

/// Walks over all closed days, and digests each anew.
pub async fn verify(tx: &mut TenantTx) -> Result<Verified, StoreError> {
    let tenant = tx.tenant_uuid();
    let mut verified = Verified { days: 0, head: BEGINNING, fault: None };
    loop {
        let some = days(tx, verified.days).await?;
        if some.is_empty() {
            return Ok(verified);
        }
        for day in some {
            let wanted = verified.days + 1;
            if day.place != wanted {
                verified.fault = Some(ProofFault::Missing { place: wanted });
                return Ok(verified);
            }
            let found = digest(tx, day.begins_at, day.ends_at).await?;
            if (found.entries, found.notes, found.digest) != (day.entries, day.notes, day.digest) {
                verified.fault = Some(ProofFault::Changed { place: day.place, begins_at: day.begins_at });
                return Ok(verified);
            }
            if day.hash_after(&verified.head, tenant) != day.hash {
                verified.fault = Some(ProofFault::Unlinked { place: day.place });
                return Ok(verified);
            }
            verified.days = day.place;
            verified.head = day.hash;
        }
    }
}
