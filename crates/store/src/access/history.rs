//! Sessions that ended some days ago: kept apart from those that live, month by month, as long as the tenant wants.

use domain::id::SessionId;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Makes the tables of this month and the next.
pub async fn prepare(tx: &mut SystemTx, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("select keep_session_months($1)", Instant(now) as _).execute(tx.connection()).await?;
    Ok(())
}

/// Moves sessions that ended before that moment, at most `limit`. Returns how many.
pub async fn archive(tx: &mut TenantTx, ended_before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "select id from sessions where tenant_id = $1 and ended_at < $2 order by ended_at limit $3 for update skip locked",
        tenant,
        Instant(ended_before) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    // One that was there before and came to life again is newer here.
    sqlx::query!("delete from session_history where tenant_id = $1 and id = any($2)", tenant, &ids)
        .execute(tx.connection())
        .await?;
    let moved = sqlx::query!(
        "with moved as (delete from sessions where tenant_id = $1 and id = any($2) returning *)
         insert into session_history select * from moved",
        tenant,
        &ids,
    )
    .execute(tx.connection())
    .await?;
    Ok(moved.rows_affected())
}

/// Brings sessions back of which somebody speaks again. Returns how many there were.
pub async fn bring_back(tx: &mut TenantTx, ids: &[SessionId]) -> Result<u64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let back = sqlx::query!(
        "with back as (delete from session_history where tenant_id = $1 and id = any($2) returning *)
         insert into sessions select * from back
         on conflict (tenant_id, id) do nothing",
        tenant,
        &ids,
    )
    .execute(tx.connection())
    .await?;
    Ok(back.rows_affected())
}

/// Lets go of sessions that ended before that moment, at most `limit`. Returns how many.
pub async fn forget(tx: &mut TenantTx, ended_before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let forgotten = sqlx::query!(
        "delete from session_history
         where tenant_id = $1 and id in (
             select id from session_history where tenant_id = $1 and ended_at < $2 order by ended_at limit $3
         )",
        tenant,
        Instant(ended_before) as _,
        i64::from(limit),
    )
    .execute(tx.connection())
    .await?;
    Ok(forgotten.rows_affected())
}
