//! Codes that prove that somebody holds a telephone: one that is good, for each.

use domain::phone::Msisdn;
use domain::time::Timestamp;

use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Codes that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Whether a telephone has ever bought something here: nobody else's is sent a code for the asking.
pub async fn has_bought(tx: &mut TenantTx, phone: &Msisdn) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let found = sqlx::query_scalar!(
        r#"select (
               exists (select from vouchers where tenant_id = $1 and bought_by = $2)
               or exists (select from payments where tenant_id = $1 and buyer = $2)
               or exists (select from payments where tenant_id = $1 and phone = $2)
           ) as "found!""#,
        tenant,
        phone.expose(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(found)
}

/// A code as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its hash.
    pub hash: [u8; 32],
    /// How often it was tried.
    pub tries: u32,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Keeps a code, instead of the one before.
pub async fn put(tx: &mut TenantTx, phone: &Msisdn, hash: &[u8; 32], expires_at: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into one_time_codes (tenant_id, phone, code_hash, expires_at)
         values ($1, $2, $3, $4)
         on conflict (tenant_id, phone) do update
         set code_hash = excluded.code_hash, expires_at = excluded.expires_at, tries = 0",
        tenant,
        phone.expose(),
        &hash[..],
        Instant(expires_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The code of a telephone, which nobody else tries until the transaction ends.
pub async fn lock(tx: &mut TenantTx, phone: &Msisdn) -> Result<Option<Kept>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select code_hash, tries, expires_at as "expires_at: Instant"
           from one_time_codes
           where tenant_id = $1 and phone = $2
           for update"#,
        tenant,
        phone.expose(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let corrupt = || StoreError::corrupt("one_time_codes", tenant);
    row.map(|row| {
        Ok(Kept {
            hash: row.code_hash.try_into().map_err(|_| corrupt())?,
            tries: u32::try_from(row.tries).map_err(|_| corrupt())?,
            expires_at: row.expires_at.0,
        })
    })
    .transpose()
}

/// Notes how often it was tried.
pub async fn note_tries(tx: &mut TenantTx, phone: &Msisdn, tries: u32) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update one_time_codes set tries = $3 where tenant_id = $1 and phone = $2",
        tenant,
        phone.expose(),
        integer(tries),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It is good no more.
pub async fn remove(tx: &mut TenantTx, phone: &Msisdn) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("delete from one_time_codes where tenant_id = $1 and phone = $2", tenant, phone.expose())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Lets go of those that were over by then, some at a time. Returns how many.
pub async fn forget(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!(
        "delete from one_time_codes
         where tenant_id = $1
           and phone in (select phone from one_time_codes where tenant_id = $1 and expires_at < $2 limit $3)",
        tenant,
        Instant(before) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}
