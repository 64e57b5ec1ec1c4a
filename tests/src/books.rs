//! What the database holds in the end, read past every door: sessions and what holders have used.

use anyhow::Context as _;
use domain::id::TenantId;
use sqlx::Row as _;
use sqlx::types::Uuid;

use crate::database::Database;

/// What a voucher or a subscriber has used, over all its sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Used {
    /// Whose.
    pub holder: [u8; 16],
    /// Octets from the subscriber.
    pub in_octets: i64,
    /// Octets to the subscriber.
    pub out_octets: i64,
}

/// A session as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Whose; none when nobody was admitted for it.
    pub holder: Option<[u8; 16]>,
    /// Acct-Session-Id; none while it is granted and not reported.
    pub acct_session_id: Option<String>,
    /// Calling-Station-Id, as a key.
    pub device: String,
    /// Octets from the subscriber.
    pub in_octets: i64,
    /// Octets to the subscriber.
    pub out_octets: i64,
    /// Whether it has ended.
    pub has_ended: bool,
}

/// What each holder of an ISP has used.
pub async fn used(database: &Database, tenant: TenantId) -> anyhow::Result<Vec<Used>> {
    let ask = "select holder_id, in_octets, out_octets from usage_totals where tenant_id = $1 order by holder_id";
    let rows = sqlx::query(ask)
        .bind(Uuid::from_bytes(tenant.bytes()))
        .fetch_all(&mut database.admin().await)
        .await
        .context("usage_totals")?;
    rows.iter()
        .map(|row| {
            let holder: Uuid = row.try_get(0)?;
            Ok(Used { holder: holder.into_bytes(), in_octets: row.try_get(1)?, out_octets: row.try_get(2)? })
        })
        .collect()
}

/// Every session of an ISP.
pub async fn sessions(database: &Database, tenant: TenantId) -> anyhow::Result<Vec<Kept>> {
    let ask = "select holder_id, acct_session_id, device, counted_in_octets, counted_out_octets, ended_at is not null
        from sessions where tenant_id = $1 order by id";
    let rows = sqlx::query(ask)
        .bind(Uuid::from_bytes(tenant.bytes()))
        .fetch_all(&mut database.admin().await)
        .await
        .context("sessions")?;
    rows.iter()
        .map(|row| {
            Ok(Kept {
                holder: row.try_get::<Option<Uuid>, _>(0)?.map(Uuid::into_bytes),
                acct_session_id: row.try_get(1)?,
                device: row.try_get(2)?,
                in_octets: row.try_get(3)?,
                out_octets: row.try_get(4)?,
                has_ended: row.try_get(5)?,
            })
        })
        .collect()
}
