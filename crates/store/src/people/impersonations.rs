//! When somebody of the platform acted in an ISP's place. The ISP sees it too.

use domain::id::{ImpersonationId, StaffId, TenantId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// One time in which somebody of the platform acted in an ISP's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impersonation {
    /// Its id.
    pub id: ImpersonationId,
    /// The ISP.
    pub tenant: TenantId,
    /// Who acted.
    pub by: StaffId,
    /// Their name.
    pub by_name: String,
    /// Why, in their words.
    pub reason: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ends at the latest.
    pub until: Timestamp,
    /// When it was over; nothing while it lasts, or until somebody has noted it.
    pub ended_at: Option<Timestamp>,
}

/// Writes one that begins.
pub async fn begin(tx: &mut TenantTx, new: &Impersonation) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into impersonations
             (tenant_id, id, platform_staff_id, platform_staff, reason, begun_at, until_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        new.id.uuid(),
        new.by.uuid(),
        new.by_name,
        new.reason,
        Instant(new.begun_at) as _,
        Instant(new.until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that one ended. The first time holds. Returns whether it lasted until now.
pub async fn end(tx: &mut TenantTx, id: ImpersonationId, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let ended = sqlx::query!(
        "update impersonations
         set ended_at = $3
         where tenant_id = $1 and id = $2 and ended_at is null and until_at > $3",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Those of all ISPs whose time has run out and of which nobody has noted it, the first that ran out first.
pub async fn run_out(tx: &mut SystemTx, now: Timestamp, limit: u16) -> Result<Vec<Impersonation>, StoreError> {
    let rows = sqlx::query_as!(
        ImpersonationRow,
        r#"select tenant_id, id, platform_staff_id, platform_staff, reason, begun_at as "begun_at: Instant",
                  until_at as "until_at: Instant", ended_at as "ended_at: Instant"
           from impersonations
           where ended_at is null and until_at <= $1
           order by until_at
           limit $2"#,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Impersonation::from).collect())
}

/// Notes that the time of one ran out. Returns whether nobody had noted that before.
pub async fn end_run_out(tx: &mut TenantTx, id: ImpersonationId, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let ended = sqlx::query!(
        "update impersonations
         set ended_at = until_at
         where tenant_id = $1 and id = $2 and ended_at is null and until_at <= $3",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Those in the ISP's place, newest first.
pub async fn list(
    tx: &mut TenantTx,
    page: Page<ImpersonationId>,
) -> Result<Listed<Impersonation, ImpersonationId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        ImpersonationRow,
        r#"select tenant_id, id, platform_staff_id, platform_staff, reason, begun_at as "begun_at: Instant",
                  until_at as "until_at: Instant", ended_at as "ended_at: Instant"
           from impersonations
           where tenant_id = $1 and id < $2
           order by id desc
           limit $3"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(rows.into_iter().map(Impersonation::from).collect(), |one: &Impersonation| one.id))
}

/// Those of all ISPs, newest first.
pub async fn list_of_all(
    tx: &mut SystemTx,
    page: Page<ImpersonationId>,
) -> Result<Listed<Impersonation, ImpersonationId>, StoreError> {
    let rows = sqlx::query_as!(
        ImpersonationRow,
        r#"select tenant_id, id, platform_staff_id, platform_staff, reason, begun_at as "begun_at: Instant",
                  until_at as "until_at: Instant", ended_at as "ended_at: Instant"
           from impersonations
           where id < $1
           order by id desc
           limit $2"#,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(rows.into_iter().map(Impersonation::from).collect(), |one: &Impersonation| one.id))
}

struct ImpersonationRow {
    tenant_id: Uuid,
    id: Uuid,
    platform_staff_id: Uuid,
    platform_staff: String,
    reason: String,
    begun_at: Instant,
    until_at: Instant,
    ended_at: Option<Instant>,
}

impl From<ImpersonationRow> for Impersonation {
    fn from(row: ImpersonationRow) -> Self {
        Self {
            id: ImpersonationId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            by: StaffId::from_uuid(row.platform_staff_id),
            by_name: row.platform_staff,
            reason: row.reason,
            begun_at: row.begun_at.0,
            until: row.until_at.0,
            ended_at: at(row.ended_at),
        }
    }
}
