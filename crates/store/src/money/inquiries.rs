//! What the gateway is asked about receipts, so that what was only said is proven.

use domain::id::{GatewayId, InquiryId, PaymentId};
use domain::money::claim::Receipt;
use domain::money::inquiry::{ForWhom, Inquiry};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::money::{shortened, wallet_columns, wallet_of};
use crate::tenant_tx::TenantTx;

/// Asks about a receipt, unless it is being asked about already: then it is noted for whom somebody says it is, where
/// nobody has said so before.
pub async fn ask(tx: &mut TenantTx, inquiry: &Inquiry) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let payment = match &inquiry.for_whom {
        Some(ForWhom::Payment(id)) => Some(id.uuid()),
        Some(ForWhom::Wallet(_)) | None => None,
    };
    let wallet = match &inquiry.for_whom {
        Some(ForWhom::Wallet(of)) => Some(of),
        Some(ForWhom::Payment(_)) | None => None,
    };
    let (phone, subscriber) = wallet_columns(wallet);
    sqlx::query!(
        "insert into inquiries as known (
             tenant_id, id, gateway_id, receipt, payment_id, subscriber_id, phone, due_at, created_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         on conflict (tenant_id, gateway_id, receipt) where outcome is null do update
         set payment_id = excluded.payment_id, subscriber_id = excluded.subscriber_id, phone = excluded.phone,
             due_at = least(known.due_at, excluded.due_at)
         where num_nonnulls(known.payment_id, known.subscriber_id, known.phone) = 0",
        tenant,
        inquiry.id.uuid(),
        inquiry.gateway.uuid(),
        inquiry.receipt.as_str(),
        payment,
        subscriber,
        phone,
        Instant(inquiry.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those that are to be asked by now.
pub async fn due(tx: &mut TenantTx, now: Timestamp, limit: u16) -> Result<Vec<Inquiry>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from inquiries where tenant_id = $1 and due_at <= $2 order by due_at, id limit $3",
        tenant,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut inquiries = Vec::new();
    for id in ids {
        inquiries.extend(find(tx, InquiryId::from_uuid(id)).await?);
    }
    Ok(inquiries)
}

/// The inquiry with an id.
pub async fn find(tx: &mut TenantTx, id: InquiryId) -> Result<Option<Inquiry>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select id, gateway_id, receipt, payment_id, subscriber_id, phone, tries, outcome,
                  created_at as "created_at: Instant"
           from inquiries
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = || StoreError::corrupt("inquiries", row.id);
    let wallet = wallet_of("inquiries", row.id, row.phone, row.subscriber_id)?;
    let receipt: Receipt = row.receipt.parse().map_err(|_| corrupt())?;
    let for_whom = match (row.payment_id, wallet) {
        (Some(id), _) => Some(ForWhom::Payment(PaymentId::from_uuid(id))),
        (None, Some(of)) => Some(ForWhom::Wallet(of)),
        (None, None) => None,
    };
    Ok(Some(Inquiry {
        id,
        gateway: GatewayId::from_uuid(row.gateway_id),
        receipt,
        for_whom,
        tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
        outcome: row.outcome,
        created_at: row.created_at.0,
    }))
}

/// Which inquiry the gateway's number of a question is of.
pub async fn by_conversation(tx: &mut TenantTx, conversation: &str) -> Result<Option<InquiryId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id = sqlx::query_scalar!(
        "select id from inquiries where tenant_id = $1 and conversation = $2 and conversation is not null",
        tenant,
        conversation,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(InquiryId::from_uuid))
}

/// It was asked: the gateway's number of the question, where the answer comes later, and when it is asked again.
pub async fn note_asked(
    tx: &mut TenantTx,
    id: InquiryId,
    conversation: Option<&str>,
    again_at: Timestamp,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update inquiries
         set conversation = coalesce($3, conversation), due_at = $4, tries = tries + 1
         where tenant_id = $1 and id = $2 and outcome is null",
        tenant,
        id.uuid(),
        conversation.map(|text| shortened(text, 100)),
        Instant(again_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It is answered, or will never be.
pub async fn finish(tx: &mut TenantTx, id: InquiryId, outcome: &str) -> Result<(), StoreError> {
    let tenant: Uuid = tx.tenant_uuid();
    sqlx::query!(
        "update inquiries set due_at = null, outcome = $3 where tenant_id = $1 and id = $2 and outcome is null",
        tenant,
        id.uuid(),
        shortened(outcome, 300),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A receipt was proven by another way: there is nothing to ask any more.
pub async fn finish_receipt(
    tx: &mut TenantTx,
    gateway: GatewayId,
    receipt: &Receipt,
    outcome: &str,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update inquiries set due_at = null, outcome = $4
         where tenant_id = $1 and gateway_id = $2 and receipt = $3 and outcome is null",
        tenant,
        gateway.uuid(),
        receipt.as_str(),
        shortened(outcome, 300),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
