//! In which language somebody last looked at an ISP's pages.

use domain::messages::language::Language;
use domain::phone::Msisdn;
use domain::time::Timestamp;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Rows that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Notes it.
pub async fn note(tx: &mut TenantTx, phone: &Msisdn, language: &Language, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into phone_languages (tenant_id, phone, language, at)
         values ($1, $2, $3, $4)
         on conflict (tenant_id, phone) do update set language = excluded.language, at = excluded.at",
        tenant,
        phone.expose(),
        language.as_str(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The language of a telephone, if it is known.
pub async fn of(tx: &mut TenantTx, phone: &Msisdn) -> Result<Option<Language>, StoreError> {
    let tenant = tx.tenant_uuid();
    let found = sqlx::query_scalar!(
        "select language from phone_languages where tenant_id = $1 and phone = $2",
        tenant,
        phone.expose(),
    )
    .fetch_optional(tx.connection())
    .await?;
    found.map(|code| code.parse().map_err(|_| StoreError::corrupt("phone_languages", tenant))).transpose()
}

/// Lets go of those who have not looked since then, some at a time. Returns how many.
pub async fn forget(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!(
        "delete from phone_languages
         where tenant_id = $1
           and phone in (select phone from phone_languages where tenant_id = $1 and at < $2 limit $3)",
        tenant,
        Instant(before) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}
