//! Batches: vouchers made together.

pub mod listing;

use domain::id::{BatchId, PlanId};
use domain::sales::batch::Batch;
use uuid::Uuid;

use crate::columns::{Instant, at, integer};
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

/// The tenant's batch with an id.
pub async fn find(tx: &mut TenantTx, batch: BatchId) -> Result<Option<Batch>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        BatchRow,
        r#"select id, plan_id, channel, size, note, sell_by as "sell_by: Instant",
                  created_at as "created_at: Instant"
           from batches
           where tenant_id = $1 and id = $2"#,
        tenant,
        batch.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Batch::try_from)
    .transpose()
}

#[derive(sqlx::FromRow)]
struct BatchRow {
    id: Uuid,
    plan_id: Uuid,
    channel: String,
    size: i32,
    note: String,
    sell_by: Option<Instant>,
    created_at: Instant,
}

impl TryFrom<BatchRow> for Batch {
    type Error = StoreError;
    fn try_from(row: BatchRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("batches", row.id);
        Ok(Self {
            id: BatchId::from_uuid(row.id),
            plan: PlanId::from_uuid(row.plan_id),
            channel: row.channel.parse().map_err(|_| corrupt())?,
            size: u32::try_from(row.size).map_err(|_| corrupt())?,
            note: row.note.clone(),
            sell_by: at(row.sell_by),
            created_at: row.created_at.0,
        })
    }
}
