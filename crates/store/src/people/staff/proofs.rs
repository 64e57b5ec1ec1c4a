//! What proves who somebody is: a password's hash, and the secret of the codes on their telephone.

use domain::id::StaffId;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use uuid::Uuid;

use super::one;
use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// What is kept of somebody's proofs.
#[derive(Debug)]
pub struct Proofs {
    /// The password's hash in the text form of argon2; `None` before there is a password.
    pub password_hash: Option<String>,
    /// The codes on their telephone.
    pub totp: Option<Totp>,
}

/// What makes the codes on a telephone.
#[derive(Debug)]
pub struct Totp {
    /// The secret that the telephone shares with us.
    pub secret: SecretBytes,
    /// When a first code proved that the telephone has it; before that it counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The last step a code was taken for: no earlier one, nor this again.
    pub step: Option<i64>,
}

fn place(id: StaffId) -> Place {
    Place::new("staff", "totp_sealed", id.uuid())
}

/// Somebody's proofs, locked until the transaction ends: a code must not be taken twice at once.
pub async fn proofs(tx: &mut TenantTx, id: StaffId) -> Result<Option<Proofs>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select password_hash, totp_sealed, totp_confirmed_at as "totp_confirmed_at: Instant", totp_step
           from staff
           where tenant_id = $1 and id = $2
           for update"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let totp = match row.totp_sealed {
        None => None,
        Some(sealed) => Some(Totp {
            secret: tx.unseal(&place(id), &sealed).await?,
            confirmed_at: at(row.totp_confirmed_at),
            step: row.totp_step,
        }),
    };
    Ok(Some(Proofs { password_hash: row.password_hash, totp }))
}

/// Sets a password by its hash.
pub async fn set_password(tx: &mut TenantTx, id: StaffId, hash: &str) -> Result<(), StoreError> {
    let tenant: Uuid = tx.tenant_uuid();
    let set =
        sqlx::query!("update staff set password_hash = $3 where tenant_id = $1 and id = $2", tenant, id.uuid(), hash,)
            .execute(tx.connection())
            .await?;
    one(set.rows_affected())
}

/// Keeps a secret for a telephone, sealed, until a first code confirms it. One that is confirmed is not replaced: false.
pub async fn set_totp(tx: &mut TenantTx, id: StaffId, secret: &SecretBytes) -> Result<bool, StoreError> {
    let keyring = tx.keyring();
    let sealed = tx.sealing_keys().await?.seal(&keyring, &place(id), secret)?;
    let tenant = tx.tenant_uuid();
    let set = sqlx::query!(
        "update staff
         set totp_sealed = $3, totp_step = null
         where tenant_id = $1 and id = $2 and totp_confirmed_at is null",
        tenant,
        id.uuid(),
        sealed,
    )
    .execute(tx.connection())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Notes that a first code proved a secret.
pub async fn confirm_totp(tx: &mut TenantTx, id: StaffId, step: i64, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let confirmed = sqlx::query!(
        "update staff
         set totp_confirmed_at = $4, totp_step = $3, revision = revision + 1
         where tenant_id = $1 and id = $2 and totp_sealed is not null",
        tenant,
        id.uuid(),
        step,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    one(confirmed.rows_affected())
}

/// Notes the step of a code that was taken.
pub async fn note_totp_step(tx: &mut TenantTx, id: StaffId, step: i64) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let noted =
        sqlx::query!("update staff set totp_step = $3 where tenant_id = $1 and id = $2", tenant, id.uuid(), step,)
            .execute(tx.connection())
            .await?;
    one(noted.rows_affected())
}

/// Lets go of a secret: from now on the password alone is asked for.
pub async fn clear_totp(tx: &mut TenantTx, id: StaffId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let cleared = sqlx::query!(
        "update staff
         set totp_sealed = null, totp_confirmed_at = null, totp_step = null, revision = revision + 1
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    one(cleared.rows_affected())
}

/// Notes that somebody signed in.
pub async fn note_signed_in(tx: &mut TenantTx, id: StaffId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let noted = sqlx::query!(
        "update staff set signed_in_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    one(noted.rows_affected())
}
