//! How many sessions a change is about, and which ones began or ended lately.

use domain::access::facts::Holder;
use domain::id::{PlanId, SessionId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Sessions that have not ended, of everybody who is on a plan now.
pub async fn on_plan(tx: &mut TenantTx, plan: PlanId) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let live = sqlx::query_scalar!(
        r#"select count(*) as "live!"
           from sessions s
           left join vouchers v on v.tenant_id = $1 and v.id = s.holder_id
           left join subscribers b on b.tenant_id = $1 and b.id = s.holder_id
           where s.tenant_id = $1 and s.ended_at is null and coalesce(v.plan_id, b.plan_id) = $2"#,
        tenant,
        plan.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(live))
}

/// Sessions of one voucher or subscriber that have not ended.
pub async fn of_holder(tx: &mut TenantTx, holder: Holder) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let live = sqlx::query_scalar!(
        r#"select count(*) as "live!"
           from sessions
           where tenant_id = $1 and holder_id = $2 and ended_at is null"#,
        tenant,
        holder.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(live))
}

/// Sessions that were let in at that moment or later and are online, the earliest first.
pub async fn begun_since(tx: &mut TenantTx, since: Timestamp, limit: u16) -> Result<Vec<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from sessions
         where tenant_id = $1 and id >= $2 and ended_at is null and state = 'open'
         order by id
         limit $3",
        tenant,
        first_id_at(since),
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(SessionId::from_uuid).collect())
}

/// Sessions that ended at that moment or later and are not kept aside yet, the latest first.
pub async fn ended_since(tx: &mut TenantTx, since: Timestamp, limit: u16) -> Result<Vec<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from sessions where tenant_id = $1 and ended_at >= $2 order by ended_at desc, id limit $3",
        tenant,
        Instant(since) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(SessionId::from_uuid).collect())
}

/// The least id that is made at a moment (UUID version 7).
fn first_id_at(at: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(at.as_micros().div_euclid(1_000)).unwrap_or(0);
    Uuid::from_u64_pair(milliseconds << 16, 0)
}
