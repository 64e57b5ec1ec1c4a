//! What was given for a payment: once.

use domain::id::{PaymentId, SubscriberId, VoucherId};
use domain::money::payment::Activation;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::access::holder_of;
use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;
use domain::access::facts::Holder;

/// Notes what was given. A payment for which something was given already is a `Conflict`.
pub async fn add(tx: &mut TenantTx, activation: &Activation) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let (voucher, subscriber): (Option<VoucherId>, Option<SubscriberId>) = match activation.holder {
        Holder::Voucher(id) => (Some(id), None),
        Holder::Subscriber(id) => (None, Some(id)),
    };
    sqlx::query!(
        "insert into activations (tenant_id, payment_id, voucher_id, subscriber_id, until_at, at)
         values ($1, $2, $3, $4, $5, $6)",
        tenant,
        activation.payment.uuid(),
        voucher.map(|id| id.uuid()),
        subscriber.map(|id| id.uuid()),
        Instant::of(activation.until) as _,
        Instant(activation.at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What was given for a payment.
pub async fn find(tx: &mut TenantTx, payment: PaymentId) -> Result<Option<Activation>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select voucher_id, subscriber_id, until_at as "until_at: Instant", at as "at: Instant"
           from activations
           where tenant_id = $1 and payment_id = $2"#,
        tenant,
        payment.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (kind, id): (&str, Option<Uuid>) = match row.voucher_id {
        Some(id) => ("voucher", Some(id)),
        None => ("subscriber", row.subscriber_id),
    };
    let holder = holder_of("activations", payment.uuid(), Some(kind), id)?;
    let holder = holder.ok_or_else(|| StoreError::corrupt("activations", payment.uuid()))?;
    let at_: Timestamp = row.at.0;
    Ok(Some(Activation { payment, holder, until: at(row.until_at), at: at_ }))
}
