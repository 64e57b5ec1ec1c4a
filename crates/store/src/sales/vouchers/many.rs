//! The same deed on many vouchers, in one statement.

use domain::id::VoucherId;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Takes vouchers back. Returns those that were there and not revoked before.
pub async fn revoke_many(
    tx: &mut TenantTx,
    vouchers: &[VoucherId],
    revoked_at: Timestamp,
) -> Result<Vec<VoucherId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = vouchers.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_scalar!(
        "update vouchers set revoked_at = $3
         where tenant_id = $1 and id = any($2) and revoked_at is null
         returning id",
        tenant,
        &ids,
        Instant(revoked_at) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(VoucherId::from_uuid).collect())
}

/// Marks printed vouchers as sold, each with the end that the sale fixes. Returns those that were there to be sold.
pub async fn mark_many_sold(
    tx: &mut TenantTx,
    vouchers: &[(VoucherId, Option<Timestamp>)],
    sold_at: Timestamp,
) -> Result<Vec<VoucherId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_scalar!(
        "update vouchers v
         set sold_at = $4, expires_at = sold.until
         from unnest($2::uuid[], $3::timestamptz[]) as sold (id, until)
         where v.tenant_id = $1 and v.id = sold.id
           and v.sold_at is null and v.first_used_at is null and v.revoked_at is null
         returning v.id",
        tenant,
        &vouchers.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>(),
        &vouchers.iter().map(|(_, until)| Instant::of(*until)).collect::<Vec<_>>() as _,
        Instant(sold_at) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(VoucherId::from_uuid).collect())
}

/// Moves the ends of vouchers, each from the end that it had. Returns those that were there, not revoked, and had it.
pub async fn move_ends(
    tx: &mut TenantTx,
    vouchers: &[(VoucherId, Timestamp, Timestamp)],
) -> Result<Vec<VoucherId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_scalar!(
        "update vouchers v
         set expires_at = moved.until
         from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as moved (id, was, until)
         where v.tenant_id = $1 and v.id = moved.id and v.expires_at = moved.was and v.revoked_at is null
         returning v.id",
        tenant,
        &vouchers.iter().map(|(id, ..)| id.uuid()).collect::<Vec<_>>(),
        &vouchers.iter().map(|(_, from, _)| Instant(*from)).collect::<Vec<_>>() as _,
        &vouchers.iter().map(|(.., until)| Instant(*until)).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(VoucherId::from_uuid).collect())
}
