//! What a mail lets somebody do once, by the SHA-256 of what the mail holds; and codes for the day a telephone is lost.

use domain::id::{Id, StaffId, TenantId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// What a token is good for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    /// To join.
    Invitation,
    /// To choose another password.
    Reset,
}

impl Purpose {
    const fn code(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// A kind of [`Id`]: tokens are named by nobody.
#[derive(Debug)]
pub enum Token {}

/// A token to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub id: Id<Token>,
    /// Whose.
    pub staff: StaffId,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of what the mail holds.
    pub hash: [u8; 32],
    /// When it is made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Keeps a token; earlier ones of the same person and purpose are good for nothing from now on.
pub async fn make(tx: &mut TenantTx, new: &NewToken) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "delete from staff_tokens where tenant_id = $1 and staff_id = $2 and purpose = $3",
        tenant,
        new.staff.uuid(),
        new.purpose.code(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into staff_tokens (tenant_id, id, staff_id, purpose, token_hash, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        new.id.uuid(),
        new.staff.uuid(),
        new.purpose.code(),
        &new.hash[..],
        Instant(new.made_at) as _,
        Instant(new.expires_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The ISP of a token that is still good.
pub async fn tenant_of(
    tx: &mut SystemTx,
    purpose: Purpose,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<TenantId>, StoreError> {
    let tenant = sqlx::query_scalar!(
        "select tenant_id from staff_tokens
         where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3",
        &hash[..],
        purpose.code(),
        Instant(now) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(tenant.map(TenantId::from_uuid))
}

/// Uses a token up. Returns whose it is; `None` when it is not good any more.
pub async fn use_up(
    tx: &mut TenantTx,
    purpose: Purpose,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<StaffId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let staff = sqlx::query_scalar!(
        "update staff_tokens
         set used_at = $4
         where tenant_id = $1 and token_hash = $2 and purpose = $3 and used_at is null and expires_at > $4
         returning staff_id",
        tenant,
        &hash[..],
        purpose.code(),
        Instant(now) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(staff.map(StaffId::from_uuid))
}

/// Lets go of all that is good for a person: after a new password, and when they may not sign in any more.
pub async fn drop_all(tx: &mut TenantTx, staff: StaffId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("delete from staff_tokens where tenant_id = $1 and staff_id = $2", tenant, staff.uuid())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Gives somebody new codes for the day their telephone is lost, by their SHA-256; earlier ones are good no more.
pub async fn set_recovery(tx: &mut TenantTx, staff: StaffId, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("delete from recovery_codes where tenant_id = $1 and staff_id = $2", tenant, staff.uuid())
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "insert into recovery_codes (tenant_id, staff_id, code_hash) select $1, $2, unnest($3::bytea[])",
        tenant,
        staff.uuid(),
        &hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Uses a code up. Returns whether it was good.
pub async fn use_recovery(
    tx: &mut TenantTx,
    staff: StaffId,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let used = sqlx::query!(
        "update recovery_codes
         set used_at = $4
         where tenant_id = $1 and staff_id = $2 and code_hash = $3 and used_at is null",
        tenant,
        staff.uuid(),
        &hash[..],
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many codes somebody has left.
pub async fn recovery_left(tx: &mut TenantTx, staff: StaffId) -> Result<u64, StoreError> {
    let tenant: Uuid = tx.tenant_uuid();
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from recovery_codes
           where tenant_id = $1 and staff_id = $2 and used_at is null"#,
        tenant,
        staff.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(left))
}
