//! Money that has come, or is said to have come. How much it is and that it is true never change: the database sees to it.

pub mod listing;
mod row;

use domain::id::{ArrivalId, GatewayId, PaymentId, SubscriberId};
use domain::money::Money;
use domain::money::arrival::{Arrival, Source};
use domain::money::claim::Receipt;
use domain::phone::Msisdn;
use domain::time::Timestamp;
use uuid::Uuid;

use self::row::{ArrivalRow, Changing};
use crate::columns::Instant;
use crate::error::StoreError;
use crate::money::{money, shortened};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Arrivals of one payment that are looked at.
const OF_PAYMENT_MAX: i64 = 100;

/// Characters by which names that are near are found.
const NEAR_BEGINNING: usize = 2;

/// A message about money that has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its id.
    pub id: Uuid,
    /// About which money.
    pub arrival: ArrivalId,
    /// Who tells it.
    pub source: Source,
    /// The receipt.
    pub receipt: Option<Receipt>,
    /// Whether it proves what it says.
    pub is_proof: bool,
    /// How much.
    pub amount: Money,
    /// What was typed as account.
    pub account: String,
    /// When we heard it.
    pub at: Timestamp,
}

/// Adds money. A receipt that the gateway's money has already is a `Conflict`.
pub async fn add(tx: &mut TenantTx, arrival: &Arrival) -> Result<(), StoreError> {
    let (tenant, changing) = (tx.tenant_uuid(), Changing::of(arrival));
    sqlx::query!(
        "insert into arrivals (
             tenant_id, id, gateway_id, amount_minor, currency, source, arrived_at, receipt, is_receipt_proven,
             is_of_prompt, is_verified, state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone,
             payer_name, paid_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        tenant,
        arrival.id.uuid(),
        arrival.gateway.map(|id| id.uuid()),
        arrival.amount.minor(),
        arrival.amount.currency().code().to_owned(),
        arrival.source.code(),
        Instant(arrival.arrived_at) as _,
        changing.receipt,
        arrival.is_receipt_proven,
        arrival.is_of_prompt,
        arrival.is_verified,
        changing.state,
        changing.payment,
        changing.wallet_phone,
        changing.wallet_subscriber,
        changing.account,
        changing.payer_phone,
        changing.payer_name,
        changing.paid_at as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes a message about money.
pub async fn note(tx: &mut TenantTx, note: &Note) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into arrival_notes (
             tenant_id, id, arrival_id, source, receipt, is_proof, amount_minor, currency, account, at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        note.id,
        note.arrival.uuid(),
        note.source.code(),
        note.receipt.as_ref().map(Receipt::as_str),
        note.is_proof,
        note.amount.minor(),
        note.amount.currency().code().to_owned(),
        shortened(&note.account, Arrival::ACCOUNT_MAX),
        Instant(note.at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes down where money stands, its receipt, and whether it is verified. What never changes stays as it is.
pub async fn save(tx: &mut TenantTx, arrival: &Arrival) -> Result<(), StoreError> {
    let (tenant, changing) = (tx.tenant_uuid(), Changing::of(arrival));
    let changed = sqlx::query!(
        "update arrivals
         set receipt = $3, is_receipt_proven = $4, is_of_prompt = $5, is_verified = $6, state = $7,
             payment_id = coalesce($8, payment_id), wallet_phone = $9, wallet_subscriber_id = $10, account = $11,
             payer_phone = $12, payer_name = $13, paid_at = $14
         where tenant_id = $1 and id = $2",
        tenant,
        arrival.id.uuid(),
        changing.receipt,
        arrival.is_receipt_proven,
        arrival.is_of_prompt,
        arrival.is_verified,
        changing.state,
        changing.payment,
        changing.wallet_phone,
        changing.wallet_subscriber,
        changing.account,
        changing.payer_phone,
        changing.payer_name,
        changing.paid_at as _,
    )
    .execute(tx.connection())
    .await?;
    match changed.rows_affected() {
        0 => Err(StoreError::Missing { what: "money" }),
        _ => Ok(()),
    }
}

/// Money with an id.
pub async fn find(tx: &mut TenantTx, id: ArrivalId) -> Result<Option<Arrival>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        ArrivalRow,
        r#"select id, gateway_id, receipt, is_receipt_proven, amount_minor, currency, source, is_of_prompt, is_verified,
                  state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone, payer_name,
                  paid_at as "paid_at: Instant", arrived_at as "arrived_at: Instant"
           from arrivals
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Arrival::try_from)
    .transpose()
}

/// The same, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: ArrivalId) -> Result<Option<Arrival>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from arrivals where tenant_id = $1 and id = $2 for no key update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// Money of a gateway with a receipt.
pub async fn by_receipt(
    tx: &mut TenantTx,
    gateway: GatewayId,
    receipt: &Receipt,
) -> Result<Option<Arrival>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id = sqlx::query_scalar!(
        "select id from arrivals
         where tenant_id = $1 and gateway_id = $2 and receipt = $3 and receipt is not null and state <> 'folded'",
        tenant,
        gateway.uuid(),
        receipt.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?;
    match id {
        None => Ok(None),
        Some(id) => find(tx, ArrivalId::from_uuid(id)).await,
    }
}

/// All money that has come for a payment, oldest first.
pub async fn of_payment(tx: &mut TenantTx, payment: PaymentId) -> Result<Vec<Arrival>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        ArrivalRow,
        r#"select id, gateway_id, receipt, is_receipt_proven, amount_minor, currency, source, is_of_prompt, is_verified,
                  state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone, payer_name,
                  paid_at as "paid_at: Instant", arrived_at as "arrived_at: Instant"
           from arrivals
           where tenant_id = $1 and payment_id = $2 and state <> 'folded'
           order by id
           limit $3"#,
        tenant,
        payment.uuid(),
        OF_PAYMENT_MAX,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Arrival::try_from)
    .collect()
}

/// The ISP's money, newest first: all, or what stands so.
pub async fn list(
    tx: &mut TenantTx,
    state: Option<&str>,
    page: Page<ArrivalId>,
) -> Result<Listed<Arrival, ArrivalId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        ArrivalRow,
        r#"select id, gateway_id, receipt, is_receipt_proven, amount_minor, currency, source, is_of_prompt, is_verified,
                  state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone, payer_name,
                  paid_at as "paid_at: Instant", arrived_at as "arrived_at: Instant"
           from arrivals
           where tenant_id = $1 and id < $2 and ($3::text is null or state = $3)
           order by id desc
           limit $4"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        state,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let arrivals = rows.into_iter().map(Arrival::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(arrivals, |arrival: &Arrival| arrival.id))
}

/// All that was told of money, oldest first.
pub async fn notes(tx: &mut TenantTx, arrival: ArrivalId) -> Result<Vec<Note>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, arrival_id, source, receipt, is_proof, amount_minor, currency, account, at as "at: Instant"
           from arrival_notes
           where tenant_id = $1 and arrival_id = $2
           order by id
           limit $3"#,
        tenant,
        arrival.uuid(),
        OF_PAYMENT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || StoreError::corrupt("arrival_notes", row.id);
            Ok(Note {
                id: row.id,
                arrival: ArrivalId::from_uuid(row.arrival_id),
                source: Source::from_code(&row.source).ok_or_else(corrupt)?,
                receipt: row.receipt.map(|text| text.parse()).transpose().map_err(|_| corrupt())?,
                is_proof: row.is_proof,
                amount: money("arrival_notes", row.id, row.amount_minor, &row.currency)?,
                account: row.account,
                at: row.at.0,
            })
        })
        .collect()
}

/// Subscribers whose user name is that account, made alike as people type it.
pub async fn subscribers_named(tx: &mut TenantTx, normalised: &str) -> Result<Vec<SubscriberId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        r#"select id from subscribers
           where tenant_id = $1 and upper(translate(username, '-_#./ ', '') collate "C") = $2
           order by id
           limit 3"#,
        tenant,
        normalised,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(SubscriberId::from_uuid).collect())
}

/// Subscribers with that telephone.
pub async fn subscribers_with_phone(tx: &mut TenantTx, phone: &Msisdn) -> Result<Vec<SubscriberId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        r#"select id from subscribers where tenant_id = $1 and (phone collate "C") = $2 order by id limit 3"#,
        tenant,
        phone.expose(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(SubscriberId::from_uuid).collect())
}

/// User names of subscribers that begin like an account, made alike as people type it.
pub async fn names_near(tx: &mut TenantTx, normalised: &str) -> Result<Vec<String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let beginning: String = normalised.chars().take(NEAR_BEGINNING).collect();
    let beyond = format!("{beginning}{}", char::MAX);
    let names = sqlx::query_scalar!(
        r#"select username from subscribers
           where tenant_id = $1
             and upper(translate(username, '-_#./ ', '') collate "C") >= $2
             and upper(translate(username, '-_#./ ', '') collate "C") < $3
           order by id
           limit $4"#,
        tenant,
        beginning,
        beyond,
        OF_PAYMENT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(names)
}

/// Whether the ISP has ever sold anything to that telephone, or was paid by it.
pub async fn is_phone_known(tx: &mut TenantTx, phone: &Msisdn) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let known = sqlx::query_scalar!(
        r#"select exists (select from vouchers where tenant_id = $1 and bought_by = $2)
                  or exists (select from payments where tenant_id = $1 and phone = $2)
                  or exists (select from payments where tenant_id = $1 and buyer = $2) as "known!""#,
        tenant,
        phone.expose(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(known)
}
