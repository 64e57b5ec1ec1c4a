//! Vouchers: codes, unique over all tenants whatever the case of their letters, and their lives.

pub mod listing;
pub mod many;

use std::collections::HashSet;

use domain::id::{BatchId, CustomerId, PlanId, VoucherId};
use domain::phone::Msisdn;
use domain::sales::voucher::{FirstUse, VoucherCode, VoucherState};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Vouchers written by one statement.
const CHUNK: usize = 5_000;

/// What vouchers that are made together have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewVouchers {
    /// The batch they belong to.
    pub batch: BatchId,
    /// The plan they buy.
    pub plan: PlanId,
    /// The phone number that bought them.
    pub bought_by: Option<Msisdn>,
    /// The last moment at which they may be sold or first used.
    pub sell_by: Option<Timestamp>,
    /// When they were sold; `None` for cards that are printed first.
    pub sold_at: Option<Timestamp>,
    /// The end that the sale has fixed.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub created_at: Timestamp,
}

/// Inserts vouchers and returns the codes that went in, in the given order.
///
/// A code that any tenant has already, in whatever case, is left out: make another and try again.
pub async fn insert_codes(
    tx: &mut TenantTx,
    codes: &[(VoucherId, VoucherCode)],
    made: &NewVouchers,
) -> Result<Vec<VoucherCode>, StoreError> {
    let tenant = tx.tenant_uuid();
    let mut inserted: HashSet<Uuid> = HashSet::with_capacity(codes.len());
    for chunk in codes.chunks(CHUNK) {
        let ids: Vec<Uuid> = chunk.iter().map(|(id, _)| id.uuid()).collect();
        let texts: Vec<&str> = chunk.iter().map(|(_, code)| code.expose()).collect();
        // In the order of the index: two batches with codes in common cannot wait for each other.
        let rows = sqlx::query_scalar!(
            "insert into vouchers
                 (tenant_id, id, batch_id, plan_id, code, bought_by, sell_by, sold_at, expires_at, created_at)
             select $1, made.id, $4, $5, made.code, $6, $7, $8, $9, $10
             from unnest($2::uuid[], $3::text[]) as made (id, code)
             order by lower(made.code collate \"C\")
             on conflict (code_folded) do nothing
             returning id",
            tenant,
            &ids,
            &texts as _,
            made.batch.uuid(),
            made.plan.uuid(),
            made.bought_by.as_ref().map(Msisdn::expose),
            Instant::of(made.sell_by) as _,
            Instant::of(made.sold_at) as _,
            Instant::of(made.expires_at) as _,
            Instant(made.created_at) as _,
        )
        .fetch_all(tx.connection())
        .await?;
        inserted.extend(rows);
    }
    Ok(codes.iter().filter(|(id, _)| inserted.contains(&id.uuid())).map(|(_, code)| code.clone()).collect())
}

/// A voucher as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voucher {
    /// Its id.
    pub id: VoucherId,
    /// Its code.
    pub code: VoucherCode,
    /// The batch it belongs to.
    pub batch: BatchId,
    /// The plan it buys.
    pub plan: PlanId,
    /// The customer it belongs to.
    pub customer: Option<CustomerId>,
    /// Its life.
    pub state: VoucherState,
    /// The phone number that bought it.
    pub bought_by: Option<Msisdn>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The voucher with an id, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, voucher: VoucherId) -> Result<Option<Voucher>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from vouchers where tenant_id = $1 and id = $2 for update", tenant, voucher.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, voucher).await
}

/// The tenant's voucher with an id.
pub async fn find(tx: &mut TenantTx, voucher: VoucherId) -> Result<Option<Voucher>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        VoucherRow,
        r#"select id, batch_id, plan_id, customer_id, code, bought_by, sell_by as "sell_by: Instant",
                  sold_at as "sold_at: Instant", first_used_at as "first_used_at: Instant",
                  expires_at as "expires_at: Instant", revoked_at as "revoked_at: Instant",
                  created_at as "created_at: Instant"
           from vouchers
           where tenant_id = $1 and id = $2"#,
        tenant,
        voucher.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Voucher::try_from)
    .transpose()
}

/// The tenant's voucher with exactly this code.
pub async fn find_by_code(tx: &mut TenantTx, code: &VoucherCode) -> Result<Option<Voucher>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        VoucherRow,
        r#"select id, batch_id, plan_id, customer_id, code, bought_by, sell_by as "sell_by: Instant",
                  sold_at as "sold_at: Instant", first_used_at as "first_used_at: Instant",
                  expires_at as "expires_at: Instant", revoked_at as "revoked_at: Instant",
                  created_at as "created_at: Instant"
           from vouchers
           where tenant_id = $1 and code_folded = $2 and code = $3"#,
        tenant,
        code.expose().to_ascii_lowercase(),
        code.expose(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Voucher::try_from)
    .transpose()
}

/// Notes the first use of a voucher and returns the end that holds. The first one wins; an end that the sale has fixed
/// is never moved.
pub async fn note_first_use(
    tx: &mut TenantTx,
    voucher: VoucherId,
    first_use: FirstUse,
) -> Result<Timestamp, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_scalar!(
        r#"update vouchers
           set first_used_at = coalesce(first_used_at, $3), expires_at = coalesce(expires_at, $4)
           where tenant_id = $1 and id = $2
           returning expires_at as "expires_at!: Instant""#,
        tenant,
        voucher.uuid(),
        Instant(first_use.since) as _,
        Instant(first_use.until) as _,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(|until| until.0)
    .ok_or(StoreError::Missing { what: "voucher" })
}

/// Gives vouchers to a customer, or to nobody. Returns how many were there. A customer who is not there is a
/// `Conflict`.
pub async fn give_to(
    tx: &mut TenantTx,
    vouchers: &[VoucherId],
    customer: Option<CustomerId>,
) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = vouchers.iter().map(|id| id.uuid()).collect();
    let changed = sqlx::query!(
        "update vouchers set customer_id = $3 where tenant_id = $1 and id = any($2)",
        tenant,
        &ids,
        customer.map(|id| id.uuid()),
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected())
}

/// Marks a printed voucher as sold, with the end that the sale fixes. Returns whether it was there to be sold: not
/// sold, used or revoked before.
pub async fn mark_sold(
    tx: &mut TenantTx,
    voucher: VoucherId,
    sold_at: Timestamp,
    until: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update vouchers
         set sold_at = $3, expires_at = $4
         where tenant_id = $1 and id = $2
           and sold_at is null and first_used_at is null and revoked_at is null",
        tenant,
        voucher.uuid(),
        Instant(sold_at) as _,
        Instant::of(until) as _,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// Moves the end of a voucher. Returns whether it was there, not revoked, and had the end `from`.
pub async fn move_end(
    tx: &mut TenantTx,
    voucher: VoucherId,
    from: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update vouchers
         set expires_at = $4
         where tenant_id = $1 and id = $2 and expires_at = $3 and revoked_at is null",
        tenant,
        voucher.uuid(),
        Instant(from) as _,
        Instant(until) as _,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// Takes a voucher back. Returns whether it was there and not revoked before.
pub async fn revoke(tx: &mut TenantTx, voucher: VoucherId, revoked_at: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update vouchers set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        voucher.uuid(),
        Instant(revoked_at) as _,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    Ok(changed == 1)
}

#[derive(sqlx::FromRow)]
struct VoucherRow {
    id: Uuid,
    batch_id: Uuid,
    plan_id: Uuid,
    customer_id: Option<Uuid>,
    code: String,
    bought_by: Option<String>,
    sell_by: Option<Instant>,
    sold_at: Option<Instant>,
    first_used_at: Option<Instant>,
    expires_at: Option<Instant>,
    revoked_at: Option<Instant>,
    created_at: Instant,
}

impl TryFrom<VoucherRow> for Voucher {
    type Error = StoreError;
    fn try_from(row: VoucherRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("vouchers", row.id);
        let life = Life {
            sell_by: at(row.sell_by),
            sold_at: at(row.sold_at),
            first_used_at: at(row.first_used_at),
            expires_at: at(row.expires_at),
            revoked_at: at(row.revoked_at),
        };
        Ok(Self {
            id: VoucherId::from_uuid(row.id),
            code: row.code.parse().map_err(|_| corrupt())?,
            batch: BatchId::from_uuid(row.batch_id),
            plan: PlanId::from_uuid(row.plan_id),
            customer: row.customer_id.map(CustomerId::from_uuid),
            state: life.state().ok_or_else(corrupt)?,
            bought_by: row.bought_by.map(|number| stored_phone(&number).ok_or_else(corrupt)).transpose()?,
            created_at: row.created_at.0,
        })
    }
}

/// A number as it was stored, in full: with a plus it reads the same in every country.
pub(crate) fn stored_phone(digits: &str) -> Option<Msisdn> {
    Msisdn::parse(format!("+{digits}").as_bytes(), &domain::phone::CallingCode::kenya()).ok()
}

/// The dates of a voucher's life.
pub(crate) struct Life {
    pub(crate) sell_by: Option<Timestamp>,
    pub(crate) sold_at: Option<Timestamp>,
    pub(crate) first_used_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

impl Life {
    /// The state that the dates tell; `None` when they contradict each other.
    pub(crate) fn state(&self) -> Option<VoucherState> {
        Some(match (self.revoked_at, self.first_used_at, self.sold_at) {
            (Some(at), _, _) => VoucherState::Revoked { at },
            (None, Some(since), _) => VoucherState::Active { since, until: self.expires_at? },
            (None, None, Some(at)) => VoucherState::Sold { at, until: self.expires_at, sell_by: self.sell_by },
            (None, None, None) => VoucherState::Printed { sell_by: self.sell_by },
        })
    }
}
