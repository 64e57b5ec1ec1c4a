//! Batches: vouchers made together.

use domain::sales::batch::Batch;

use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Adds a batch, before its vouchers. A plan that the tenant does not have is a `Conflict`.
pub async fn add(tx: &mut TenantTx, batch: &Batch) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into batches (tenant_id, id, plan_id, channel, size, note, sell_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        batch.id.uuid(),
        batch.plan.uuid(),
        batch.channel.code(),
        integer(batch.size),
        batch.note,
        Instant::of(batch.sell_by) as _,
        Instant(batch.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
