//! Joins small blocks: what was saved every half second becomes what a search reads at once.

use domain::id::NodeId;
use domain::time::{Span, Timestamp};
use records::block::{self, Builder};
use uuid::Uuid;

use crate::access::decisions::saving::{self, SETTLED};
use crate::columns::Instant;
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// So many small blocks are joined, or fewer when they make a settled one.
const JOINED_MIN: i64 = 16;

/// Small blocks that are looked at at once.
const JOINED_MAX: i64 = 256;

/// So long they stay as they are: until then others of their time may still come.
const JOINED_AFTER: Span = Span::minutes(10);

const DAY_MICROS: i64 = 86_400_000_000;

/// Joins small blocks of one tenant, node and day into one. Says whether there were any; ask again until there are not.
///
/// The blocks of a day that is over are joined whatever their size; those of today with others of their size, once
/// there are enough, so that no record is packed again more than a few times.
pub async fn join_small(tx: &mut SystemTx, now: Timestamp) -> Result<bool, StoreError> {
    let alone =
        sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('join_decisions', 0)) as "alone!""#)
            .fetch_one(tx.connection())
            .await?;
    if !alone {
        return Ok(false);
    }
    let today = Timestamp::from_micros(now.as_micros().saturating_sub(now.as_micros().rem_euclid(DAY_MICROS)));
    let settled = now.minus(JOINED_AFTER);
    let group = sqlx::query_as!(
        Group,
        r#"select tenant_id, node_id, date_trunc('day', last_at) as "day!: Instant",
                  (case when last_at < $2 then 0 when records < 64 then 1 when records < 512 then 2 else 3 end)
                      as "size!"
           from decision_blocks
           where not settled and last_at < $1
           group by 1, 2, 3, 4
           having count(*) >= $3 or sum(records) >= $4 or (max(last_at) < $2 and count(*) > 1)
           order by count(*) desc
           limit 1"#,
        Instant(settled) as _,
        Instant(today) as _,
        JOINED_MIN,
        i64::try_from(SETTLED).unwrap_or(i64::MAX),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(group) = group else { return Ok(false) };
    let small = sqlx::query_as!(
        SmallRow,
        r#"select number, records, octets
           from decision_blocks
           where tenant_id = $1
             and node_id = $2
             and last_at >= $3
             and last_at < $4
             and last_at < $5
             and not settled
             and (case when last_at < $6 then 0 when records < 64 then 1 when records < 512 then 2 else 3 end) = $7
           order by number
           limit $8
           for update"#,
        group.tenant_id,
        group.node_id,
        group.day as _,
        group.end() as _,
        Instant(settled) as _,
        Instant(today) as _,
        group.size,
        JOINED_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    join(tx, &group, small).await?;
    Ok(true)
}

/// Small blocks that belong together.
struct Group {
    tenant_id: Uuid,
    node_id: Uuid,
    day: Instant,
    size: i32,
}

impl Group {
    fn end(&self) -> Instant {
        Instant(self.day.0.plus(Span::micros(DAY_MICROS)))
    }
}

struct SmallRow {
    number: i64,
    records: i32,
    octets: Vec<u8>,
}

/// Puts as many as fit into one block, and lets those alone that cannot be read or joined.
async fn join(tx: &mut SystemTx, group: &Group, small: Vec<SmallRow>) -> Result<(), StoreError> {
    let (mut joined, mut left): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    let mut builder: Option<Builder> = None;
    let mut room = block::RECORDS_MAX;
    for row in small {
        let records = usize::try_from(row.records).unwrap_or(usize::MAX);
        if records > room {
            break;
        }
        let Some(opened) = block::open(&row.octets) else {
            left.push(row.number);
            continue;
        };
        room -= records;
        joined.push(row.number);
        for record in records::all(&opened) {
            match &mut builder {
                None => builder = Some(Builder::new(&record)),
                Some(builder) => builder.push(&record),
            }
        }
    }
    if let ([first, _, ..], Some(builder)) = (joined.as_slice(), builder) {
        let number = first.unsigned_abs();
        delete(tx, group, &joined).await?;
        saving::insert(tx, NodeId::from_uuid(group.node_id), number, &[builder.build()]).await?;
    } else {
        left.append(&mut joined);
    }
    leave(tx, group, &left).await
}

async fn delete(tx: &mut SystemTx, group: &Group, numbers: &[i64]) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from decision_blocks
         where tenant_id = $1 and node_id = $2 and number = any($3) and last_at >= $4 and last_at < $5",
        group.tenant_id,
        group.node_id,
        numbers,
        group.day as _,
        group.end() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that they are not to be joined again.
async fn leave(tx: &mut SystemTx, group: &Group, numbers: &[i64]) -> Result<(), StoreError> {
    sqlx::query!(
        "update decision_blocks
         set settled = true
         where tenant_id = $1 and node_id = $2 and number = any($3) and last_at >= $4 and last_at < $5",
        group.tenant_id,
        group.node_id,
        numbers,
        group.day as _,
        group.end() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
