//! Deeds on many subscribers at once: who is chosen, and what became of each.

use std::collections::HashSet;

use domain::id::{OperationId, PlanId, SubscriberId};
use domain::people::operation::{Operation, OperationRow, Outcome, SIZE_MAX};
use domain::people::subscriber::Username;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Rows written by one statement.
const CHUNK: usize = 5_000;

/// Which subscribers are meant: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// On this plan.
    pub plan: Option<PlanId>,
    /// Whose time was over by then.
    pub expired_by: Option<Timestamp>,
    /// With one of these user names.
    pub usernames: Option<Vec<Username>>,
}

/// A subscriber who is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Which.
    pub id: SubscriberId,
    /// Its user name.
    pub username: Username,
    /// Whether it is suspended already.
    pub is_suspended: bool,
    /// Whether it is online.
    pub is_live: bool,
}

/// The subscribers who are meant, by their user names: one more than [`SIZE_MAX`] at most, which is too many.
pub async fn chosen(tx: &mut TenantTx, choice: &Choice) -> Result<Vec<Chosen>, StoreError> {
    let tenant = tx.tenant_uuid();
    let usernames: Option<Vec<String>> =
        choice.usernames.as_ref().map(|names| names.iter().map(|name| name.as_str().to_owned()).collect());
    let rows = sqlx::query!(
        r#"select b.id, b.username, b.suspended_at is not null as "is_suspended!",
                  exists (
                      select from sessions s
                      where s.tenant_id = $1 and s.holder_id = b.id and s.ended_at is null and s.state = 'open'
                  ) as "is_live!"
           from subscribers b
           where b.tenant_id = $1
             and ($2::uuid is null or b.plan_id = $2)
             and ($3::timestamptz is null or b.expires_at <= $3)
             and ($4::text[] is null or b.username = any($4))
           order by b.username
           limit $5"#,
        tenant,
        choice.plan.map(|plan| plan.uuid()),
        Instant::of(choice.expired_by) as _,
        usernames.as_deref() as _,
        i64::try_from(SIZE_MAX + 1).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Chosen {
                id: SubscriberId::from_uuid(row.id),
                username: row.username.parse().map_err(|_| StoreError::corrupt("subscribers", row.id))?,
                is_suspended: row.is_suspended,
                is_live: row.is_live,
            })
        })
        .collect()
}

/// Writes an operation with all its rows, in this order.
pub async fn begin(tx: &mut TenantTx, operation: &Operation, chosen: &[Chosen]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into operations (tenant_id, id, verb, about, actor, size, begun_at)
         values ($1, $2, 'suspend', $3, $4, $5, $6)",
        tenant,
        operation.id.uuid(),
        operation.about,
        operation.actor,
        i32::try_from(chosen.len()).unwrap_or(i32::MAX),
        Instant(operation.begun_at) as _,
    )
    .execute(tx.connection())
    .await?;
    let mut place = 0_i64;
    for some in chosen.chunks(CHUNK) {
        sqlx::query!(
            "insert into operation_rows (tenant_id, operation_id, place, subscriber_id, username)
             select $1, $2, ($3 + new.place)::integer, new.id, new.username
             from unnest($4::uuid[], $5::text[]) with ordinality as new (id, username, place)",
            tenant,
            operation.id.uuid(),
            place,
            &some.iter().map(|one| one.id.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|one| one.username.as_str()).collect::<Vec<_>>() as _,
        )
        .execute(tx.connection())
        .await?;
        place = place.saturating_add(i64::try_from(some.len()).unwrap_or(i64::MAX));
    }
    Ok(())
}

/// The operation with an id.
pub async fn find(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query_as!(
        OperationColumns,
        r#"select id, about, actor, size, begun_at as "begun_at: Instant", finished_at as "finished_at: Instant",
                  undone_at as "undone_at: Instant"
           from operations
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(OperationColumns::operation))
}

/// The same, locked: nobody else carries it on or undoes it until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from operations where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// The tenant's operations, newest first.
pub async fn list(tx: &mut TenantTx, page: Page<OperationId>) -> Result<Listed<Operation, OperationId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        OperationColumns,
        r#"select id, about, actor, size, begun_at as "begun_at: Instant", finished_at as "finished_at: Instant",
                  undone_at as "undone_at: Instant"
           from operations
           where tenant_id = $1 and id < $2
           order by id desc
           limit $3"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(rows.into_iter().map(OperationColumns::operation).collect(), |operation: &Operation| operation.id))
}

/// The rows of an operation behind a place, in their order, at most `limit`.
pub async fn rows(tx: &mut TenantTx, id: OperationId, after: u32, limit: u16) -> Result<Vec<OperationRow>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select place, subscriber_id, username, coalesce(undone, outcome, 'waiting') as "outcome!"
           from operation_rows
           where tenant_id = $1 and operation_id = $2 and place > $3
           order by place
           limit $4"#,
        tenant,
        id.uuid(),
        i32::try_from(after).unwrap_or(i32::MAX),
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || StoreError::corrupt("operation_rows", id.uuid());
            Ok(OperationRow {
                place: u32::try_from(row.place).map_err(|_| corrupt())?,
                subscriber: SubscriberId::from_uuid(row.subscriber_id),
                username: row.username.parse().map_err(|_| corrupt())?,
                outcome: Outcome::from_code(&row.outcome).ok_or_else(corrupt)?,
            })
        })
        .collect()
}

/// Suspends the next subscribers of an operation, at most `limit`. Returns what became of each; none when all are dealt
/// with. To be called with the operation locked.
pub async fn suspend_some(
    tx: &mut TenantTx,
    operation: &Operation,
    limit: u16,
) -> Result<Vec<(SubscriberId, Outcome)>, StoreError> {
    let tenant = tx.tenant_uuid();
    // Statement by statement: a planner that has never seen the rows would walk over all for each.
    let waiting = sqlx::query_as!(
        Due,
        "select place, subscriber_id
         from operation_rows
         where tenant_id = $1 and operation_id = $2 and outcome is null
         order by place
         limit $3",
        tenant,
        operation.id.uuid(),
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<Uuid> = waiting.iter().map(|row| row.subscriber_id).collect();
    let found: HashSet<Uuid> = lock_subscribers(tx, &ids).await?;
    let suspended: HashSet<Uuid> = sqlx::query_scalar!(
        "update subscribers set suspended_at = $3
         where tenant_id = $1 and id = any($2) and suspended_at is null
         returning id",
        tenant,
        &ids,
        Instant(operation.begun_at) as _,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .collect();
    let outcome = |id: Uuid| match (suspended.contains(&id), found.contains(&id)) {
        (true, _) => Outcome::Suspended,
        (false, true) => Outcome::WasSuspended,
        (false, false) => Outcome::Gone,
    };
    let outcomes: Vec<Outcome> = ids.iter().map(|id| outcome(*id)).collect();
    note_outcomes(tx, operation, &waiting, &outcomes).await?;
    Ok(ids.into_iter().map(SubscriberId::from_uuid).zip(outcomes).collect())
}

/// Resumes the next subscribers that an operation has suspended and nobody has touched since, at most `limit`. Returns
/// what became of each; none when all are dealt with. To be called with the operation locked.
pub async fn resume_some(
    tx: &mut TenantTx,
    operation: &Operation,
    limit: u16,
) -> Result<Vec<(SubscriberId, Outcome)>, StoreError> {
    let tenant = tx.tenant_uuid();
    let due = sqlx::query_as!(
        Due,
        "select place, subscriber_id
         from operation_rows
         where tenant_id = $1 and operation_id = $2 and outcome = 'suspended' and undone is null
         order by place
         limit $3",
        tenant,
        operation.id.uuid(),
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<Uuid> = due.iter().map(|row| row.subscriber_id).collect();
    lock_subscribers(tx, &ids).await?;
    let resumed: HashSet<Uuid> = sqlx::query_scalar!(
        "update subscribers set suspended_at = null
         where tenant_id = $1 and id = any($2) and suspended_at = $3
         returning id",
        tenant,
        &ids,
        Instant(operation.begun_at) as _,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .collect();
    let outcome = |id: &Uuid| if resumed.contains(id) { Outcome::Resumed } else { Outcome::ChangedSince };
    let outcomes: Vec<Outcome> = ids.iter().map(outcome).collect();
    note_outcomes(tx, operation, &due, &outcomes).await?;
    Ok(ids.into_iter().map(SubscriberId::from_uuid).zip(outcomes).collect())
}

struct Due {
    place: i32,
    subscriber_id: Uuid,
}

/// Notes what became of rows: of those that were done before, that it is undone.
async fn note_outcomes(
    tx: &mut TenantTx,
    operation: &Operation,
    rows: &[Due],
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update operation_rows r
         set outcome = coalesce(r.outcome, new.outcome),
             undone = case when r.outcome is null then null else new.outcome end
         from unnest($3::integer[], $4::text[]) as new (place, outcome)
         where r.tenant_id = $1 and r.operation_id = $2 and r.place = new.place",
        tenant,
        operation.id.uuid(),
        &rows.iter().map(|row| row.place).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.code()).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Locks these subscribers in the order of their ids. Returns those that are there.
async fn lock_subscribers(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    let tenant = tx.tenant_uuid();
    let locked = sqlx::query_scalar!(
        "select id from subscribers where tenant_id = $1 and id = any($2) order by id for update",
        tenant,
        ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(locked.into_iter().collect())
}

/// Notes that all rows of an operation are dealt with. The first time holds.
pub async fn note_finished(tx: &mut TenantTx, id: OperationId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update operations set finished_at = coalesce(finished_at, $3) where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that an operation is undone: rows whose turn has not come are left alone from now on. The first time holds.
pub async fn note_undone(tx: &mut TenantTx, id: OperationId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update operations set undone_at = coalesce(undone_at, $3) where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

struct OperationColumns {
    id: Uuid,
    about: String,
    actor: String,
    size: i32,
    begun_at: Instant,
    finished_at: Option<Instant>,
    undone_at: Option<Instant>,
}

impl OperationColumns {
    fn operation(self) -> Operation {
        Operation {
            id: OperationId::from_uuid(self.id),
            about: self.about,
            actor: self.actor,
            size: u32::try_from(self.size).unwrap_or(0),
            begun_at: self.begun_at.0,
            finished_at: at(self.finished_at),
            undone_at: at(self.undone_at),
        }
    }
}
