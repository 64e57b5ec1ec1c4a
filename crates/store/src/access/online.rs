//! How many sessions a change is about.

use domain::access::facts::Holder;
use domain::id::PlanId;

use crate::columns::uncounter;
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
