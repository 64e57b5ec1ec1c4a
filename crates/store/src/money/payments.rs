//! Payments. How each came to where it is, the database notes by itself (`payment_states`).

pub mod listing;
mod row;

use domain::id::{GatewayId, PaymentId};
use domain::mac::Mac;
use domain::money::claim::FailureKind;
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::phone::Msisdn;
use domain::time::Timestamp;
use uuid::Uuid;

use self::row::PaymentRow;
use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::money::shortened;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// What the address of a prompt's callback ends with.
pub type PromptToken = [u8; 16];

/// Most characters of what was said.
pub const SAID_MAX: usize = 300;

/// Payments of one telephone, or that wait at one till, that are looked at.
const AT_ONCE: i64 = 100;

/// Adds a payment. A reference that the ISP has already is a `Conflict`.
pub async fn add(tx: &mut TenantTx, payment: &Payment, token: &PromptToken) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let (plan, revision, buyer, subscriber) = match &payment.purpose {
        Purpose::Voucher { plan, revision, buyer } => (Some(plan.uuid()), Some(integer(*revision)), Some(buyer), None),
        Purpose::Renewal { subscriber } => (None, None, None, Some(subscriber.uuid())),
    };
    sqlx::query!(
        "insert into payments (
             tenant_id, id, gateway_id, plan_id, plan_revision, buyer, subscriber_id, phone, price_minor, currency,
             reference, prompt_token, state, failure, checkout, said, looks, next_look_at, device, nas_id, created_at,
             changed_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $21)",
        tenant,
        payment.id.uuid(),
        payment.gateway.map(|id| id.uuid()),
        plan,
        revision,
        buyer.map(Msisdn::expose),
        subscriber,
        payment.phone.as_ref().map(Msisdn::expose),
        payment.price.minor(),
        payment.price.currency().code().to_owned(),
        payment.reference.expose(),
        &token[..],
        payment.state.code(),
        payment.state.failure().map(FailureKind::code),
        payment.checkout,
        payment.said.as_deref().map(|said| shortened(said, SAID_MAX)),
        integer(payment.looks),
        Instant::of(payment.next_look_at) as _,
        payment.device.map(|mac| mac.to_string()),
        payment.nas.map(|id| id.uuid()),
        Instant(payment.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The payment with an id.
pub async fn find(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    Ok(load(tx, &[id]).await?.into_iter().next())
}

/// The same, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from payments where tenant_id = $1 and id = $2 for no key update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// Those of these payments that the ISP has, oldest first.
pub async fn load(tx: &mut TenantTx, ids: &[PaymentId]) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        PaymentRow,
        r#"select id, gateway_id, plan_id, plan_revision, buyer, subscriber_id, phone, price_minor, currency, reference,
                  state, failure, checkout, said, looks, next_look_at as "next_look_at: Instant",
                  claimed_at as "claimed_at: Instant", device, nas_id, created_at as "created_at: Instant"
           from payments
           where tenant_id = $1 and id = any($2)
           order by id"#,
        tenant,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Payment::try_from)
    .collect()
}

/// The ISP's payments, newest first.
pub async fn list(tx: &mut TenantTx, page: Page<PaymentId>) -> Result<Listed<Payment, PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"select id, gateway_id, plan_id, plan_revision, buyer, subscriber_id, phone, price_minor, currency, reference,
                  state, failure, checkout, said, looks, next_look_at as "next_look_at: Instant",
                  claimed_at as "claimed_at: Instant", device, nas_id, created_at as "created_at: Instant"
           from payments
           where tenant_id = $1 and id < $2
           order by id desc
           limit $3"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let payments = rows.into_iter().map(Payment::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(payments, |payment: &Payment| payment.id))
}

/// The payments that prompt a telephone and were begun at that moment or later, newest first.
pub async fn of_phone(tx: &mut TenantTx, phone: &Msisdn, since: Timestamp) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments where tenant_id = $1 and phone = $2 and created_at >= $3 order by id desc limit $4",
        tenant,
        phone.expose(),
        Instant(since) as _,
        AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut payments = load(tx, &ids.into_iter().map(PaymentId::from_uuid).collect::<Vec<_>>()).await?;
    payments.reverse();
    Ok(payments)
}

/// The payments that a device has begun at that moment or later, newest first: at most `limit`.
pub async fn of_device(
    tx: &mut TenantTx,
    device: Mac,
    since: Timestamp,
    limit: u16,
) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments
         where tenant_id = $1 and device = $2 and created_at >= $3
         order by created_at desc
         limit $4",
        tenant,
        device.to_string(),
        Instant(since) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut payments = load(tx, &ids.into_iter().map(PaymentId::from_uuid).collect::<Vec<_>>()).await?;
    payments.reverse();
    Ok(payments)
}

/// What a telephone has wanted to buy, newest first: at most `limit`.
pub async fn of_buyer(tx: &mut TenantTx, buyer: &Msisdn, limit: u16) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments where tenant_id = $1 and buyer = $2 order by id desc limit $3",
        tenant,
        buyer.expose(),
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut payments = load(tx, &ids.into_iter().map(PaymentId::from_uuid).collect::<Vec<_>>()).await?;
    payments.reverse();
    Ok(payments)
}

/// Waits until nobody else begins a payment of that telephone with this ISP, and keeps others waiting until the
/// transaction ends.
pub async fn hold_phone(tx: &mut TenantTx, phone: &Msisdn) -> Result<(), StoreError> {
    hold(tx, &format!("payments of {}", phone.expose())).await
}

/// The same of a receipt.
pub async fn hold_receipt(tx: &mut TenantTx, receipt: &str) -> Result<(), StoreError> {
    hold(tx, &format!("receipt {receipt}")).await
}

async fn hold(tx: &mut TenantTx, what: &str) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0)) as locked", format!("{tenant} {what}"))
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

/// Which payment a prompt's token is of.
pub async fn by_token(tx: &mut TenantTx, token: &PromptToken) -> Result<Option<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id =
        sqlx::query_scalar!("select id from payments where tenant_id = $1 and prompt_token = $2", tenant, &token[..])
            .fetch_optional(tx.connection())
            .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// The token of a payment's prompt.
pub async fn token_of(tx: &mut TenantTx, id: PaymentId) -> Result<Option<PromptToken>, StoreError> {
    let tenant = tx.tenant_uuid();
    let token =
        sqlx::query_scalar!("select prompt_token from payments where tenant_id = $1 and id = $2", tenant, id.uuid())
            .fetch_optional(tx.connection())
            .await?;
    token.map(|token| token.try_into().map_err(|_| StoreError::corrupt("payments", id.uuid()))).transpose()
}

/// Which payment the gateway's number of a prompt is of.
pub async fn by_checkout(tx: &mut TenantTx, checkout: &str) -> Result<Option<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id = sqlx::query_scalar!("select id from payments where tenant_id = $1 and checkout = $2", tenant, checkout)
        .fetch_optional(tx.connection())
        .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// The payments with a reference, in letters of any case.
pub async fn by_reference(tx: &mut TenantTx, reference: &str) -> Result<Vec<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments where tenant_id = $1 and upper(reference) = upper($2) limit $3",
        tenant,
        reference,
        AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(PaymentId::from_uuid).collect())
}

/// Payments of a gateway that wait for money, begun at that moment or later.
pub async fn waiting(tx: &mut TenantTx, gateway: GatewayId, since: Timestamp) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments
         where tenant_id = $1 and next_look_at is not null and created_at >= $3 and gateway_id = $2
           and phone is not null
         order by id desc
         limit $4",
        tenant,
        gateway.uuid(),
        Instant(since) as _,
        AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    load(tx, &ids.into_iter().map(PaymentId::from_uuid).collect::<Vec<_>>()).await
}

/// Payments of which the gateway is to be asked by now: those that are said to be paid first, then whose moment came first.
pub async fn due(tx: &mut TenantTx, now: Timestamp, limit: u16) -> Result<Vec<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments
         where tenant_id = $1 and next_look_at <= $2
         order by claimed_at nulls last, next_look_at, id
         limit $3",
        tenant,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(PaymentId::from_uuid).collect())
}

/// Payments that are said to be paid since then or longer, without proof.
pub async fn unproven(tx: &mut TenantTx, since: Timestamp, limit: u16) -> Result<Vec<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from payments where tenant_id = $1 and claimed_at <= $2 order by claimed_at limit $3",
        tenant,
        Instant(since) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(PaymentId::from_uuid).collect())
}

/// Writes down how far a payment is now. It is locked.
pub async fn save(tx: &mut TenantTx, payment: &Payment, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update payments
         set state = $3, failure = $4, checkout = $5, said = $6, looks = $7, next_look_at = $8, claimed_at = $9,
             changed_at = $10
         where tenant_id = $1 and id = $2",
        tenant,
        payment.id.uuid(),
        payment.state.code(),
        payment.state.failure().map(FailureKind::code),
        payment.checkout.as_deref().map(|checkout| shortened(checkout, 100)),
        payment.said.as_deref().map(|said| shortened(said, SAID_MAX)),
        integer(payment.looks),
        Instant::of(payment.next_look_at) as _,
        Instant::of(payment.claimed_at) as _,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    match changed.rows_affected() {
        0 => Err(StoreError::Missing { what: "payment" }),
        _ => Ok(()),
    }
}

/// How a payment came to where it is, the first step first.
pub async fn history(
    tx: &mut TenantTx,
    id: PaymentId,
) -> Result<Vec<(PaymentState, Option<String>, Timestamp)>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select state, failure, said, at as "at: Instant"
           from payment_states
           where tenant_id = $1 and payment_id = $2
           order by place
           limit $3"#,
        tenant,
        id.uuid(),
        AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = row::state(id.uuid(), &row.state, row.failure.as_deref())?;
            Ok((state, row.said, row.at.0))
        })
        .collect()
}
