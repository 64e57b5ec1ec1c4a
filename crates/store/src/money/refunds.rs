//! Money that the gateway is to give back.

use domain::id::{ArrivalId, RefundId};
use domain::money::refund::{Refund, RefundState};
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::money::{money, shortened, wallet_columns, wallet_of};
use crate::tenant_tx::TenantTx;

/// Refunds of one money that are shown.
const OF_ARRIVAL_MAX: i64 = 20;

/// Adds a refund. Money that goes back already is a `Conflict`.
pub async fn add(tx: &mut TenantTx, refund: &Refund) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let (phone, subscriber) = wallet_columns(refund.out_of.as_ref());
    sqlx::query!(
        "insert into refunds (
             tenant_id, id, arrival_id, amount_minor, currency, wallet_phone, wallet_subscriber_id, why, state,
             conversation, said, created_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        refund.id.uuid(),
        refund.arrival.uuid(),
        refund.amount.minor(),
        refund.amount.currency().code().to_owned(),
        phone,
        subscriber,
        shortened(&refund.why, Refund::WHY_MAX),
        refund.state.code(),
        refund.conversation,
        refund.said.as_deref().map(|said| shortened(said, 300)),
        Instant(refund.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The refund with an id, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from refunds where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// The refund with an id.
pub async fn find(tx: &mut TenantTx, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select id, arrival_id, amount_minor, currency, wallet_phone, wallet_subscriber_id, why, state, conversation,
                  said, created_at as "created_at: Instant"
           from refunds
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Refund {
        id,
        arrival: ArrivalId::from_uuid(row.arrival_id),
        amount: money("refunds", row.id, row.amount_minor, &row.currency)?,
        out_of: wallet_of("refunds", row.id, row.wallet_phone, row.wallet_subscriber_id)?,
        why: row.why,
        state: RefundState::from_code(&row.state).ok_or_else(|| StoreError::corrupt("refunds", row.id))?,
        conversation: row.conversation,
        said: row.said,
        created_at: row.created_at.0,
    }))
}

/// What was tried to give this money back, oldest first.
pub async fn of_arrival(tx: &mut TenantTx, arrival: ArrivalId) -> Result<Vec<Refund>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from refunds where tenant_id = $1 and arrival_id = $2 order by id limit $3",
        tenant,
        arrival.uuid(),
        OF_ARRIVAL_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut refunds = Vec::with_capacity(ids.len());
    for id in ids {
        refunds.extend(find(tx, RefundId::from_uuid(id)).await?);
    }
    Ok(refunds)
}

/// Which refund the gateway's number of a question is of.
pub async fn by_conversation(tx: &mut TenantTx, conversation: &str) -> Result<Option<RefundId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id: Option<Uuid> = sqlx::query_scalar!(
        "select id from refunds where tenant_id = $1 and conversation = $2 and conversation is not null",
        tenant,
        conversation,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(RefundId::from_uuid))
}

/// Writes down how far it is. It is locked.
pub async fn save(tx: &mut TenantTx, refund: &Refund) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update refunds set state = $3, conversation = $4, said = $5 where tenant_id = $1 and id = $2",
        tenant,
        refund.id.uuid(),
        refund.state.code(),
        refund.conversation.as_deref().map(|text| shortened(text, 100)),
        refund.said.as_deref().map(|said| shortened(said, 300)),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
