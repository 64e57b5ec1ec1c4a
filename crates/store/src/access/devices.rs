//! Devices that vouchers and subscribers were used with.
//!
//! Written when a session begins, in the same transaction ([`crate::access::sessions`]); named, let go of and blocked by
//! people. Whoever changes places locks sessions first, then holders, then devices.

use domain::access::attempt::Device;
use domain::access::device::{DeviceName, SeenDevice};
use domain::access::facts::Holder;
use domain::id::SessionId;
use domain::mac::Mac;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::access::sessions::StoredSession;
use crate::access::slots;
use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Devices that are remembered of one voucher or subscriber, beside those that staff has named or blocked.
pub const KEPT_MAX: u16 = 100;

/// Devices of one voucher or subscriber that may be blocked.
pub const BLOCKED_MAX: u16 = 100;

/// Rights that a device used last, among which it looks for one that still lives.
pub(crate) const LATELY_MAX: i64 = 50;

/// Rights that a device's address finds.
pub(crate) const RETURNS_MAX: i64 = 4;

/// Remembers the devices of sessions that have begun.
pub(crate) async fn remember(tx: &mut TenantTx, begun: &[&StoredSession]) -> Result<(), StoreError> {
    let seen: Vec<(Holder, String, Timestamp)> = begun
        .iter()
        .filter(|session| session.device != Device::Unnamed)
        .filter_map(|session| Some((session.holder?, session.device.key(), session.session.started_at)))
        .collect();
    note(tx, &seen).await
}

/// Remembers a device that a right was bought from, before it has ever been used: its address alone lets it in.
pub async fn introduce(tx: &mut TenantTx, holder: Holder, device: Mac, now: Timestamp) -> Result<(), StoreError> {
    note(tx, &[(holder, Device::Mac(device).key(), now)]).await
}

async fn note(tx: &mut TenantTx, seen: &[(Holder, String, Timestamp)]) -> Result<(), StoreError> {
    if seen.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_file!(
        "sql/remember_devices.sql",
        tenant,
        &seen.iter().map(|(holder, ..)| holder.uuid()).collect::<Vec<_>>(),
        &seen.iter().map(|(holder, ..)| holder.kind()).collect::<Vec<_>>() as _,
        &seen.iter().map(|(_, device, _)| device.as_str()).collect::<Vec<_>>() as _,
        &seen.iter().map(|(.., at)| Instant(*at)).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let grown: Vec<Uuid> = rows.iter().filter(|row| row.is_new).map(|row| row.holder_id).collect();
    if !grown.is_empty() {
        sqlx::query_file!("sql/forget_devices.sql", tenant, &grown, i64::from(KEPT_MAX))
            .execute(tx.connection())
            .await?;
    }
    let news: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.is_news)
        .filter_map(|row| Mac::parse(row.device.as_bytes()))
        .map(change_id)
        .collect();
    note_addresses(tx, &news).await
}

/// Tells those who keep addresses in memory that these may mean something else now.
async fn note_addresses(tx: &mut TenantTx, ids: &[Uuid]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    sqlx::query!("insert into changes (tenant_id, kind, id) select $1, 'device', unnest($2::uuid[])", tenant, ids)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// An address as the feed of changes names it.
pub(crate) fn change_id(mac: Mac) -> Uuid {
    let mut octets = [0; 16];
    octets[10..].copy_from_slice(&mac.octets());
    Uuid::from_bytes(octets)
}

/// The address that the feed names so.
pub(crate) fn of_change(id: Uuid) -> Mac {
    let [.., a, b, c, d, e, f] = *id.as_bytes();
    Mac::from_octets([a, b, c, d, e, f])
}

/// The devices of a voucher or subscriber, the last that came online first.
pub async fn list(tx: &mut TenantTx, holder: Holder) -> Result<Vec<SeenDevice>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        DeviceRow,
        r#"select d.device,
                  d.first_seen_at as "first_seen_at: Instant",
                  d.last_seen_at as "last_seen_at: Instant",
                  d.name,
                  d.blocked_at as "blocked_at: Instant",
                  exists (
                      select from sessions s
                      where s.tenant_id = $1
                        and s.holder_id = d.holder_id
                        and s.device = d.device
                        and s.ended_at is null
                        and s.state = 'open'
                  ) as "is_online!"
           from devices d
           where d.tenant_id = $1 and d.holder_id = $2
           order by d.last_seen_at desc, d.device
           limit $3"#,
        tenant,
        holder.uuid(),
        2 * i64::from(KEPT_MAX) + i64::from(BLOCKED_MAX),
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(|row| SeenDevice::try_from(row).map_err(|()| StoreError::corrupt("devices", holder.uuid())))
    .collect()
}

/// Gives a device a name, or takes it away. Returns whether the right knows the device.
pub async fn set_name(
    tx: &mut TenantTx,
    holder: Holder,
    device: &Device,
    name: Option<&DeviceName>,
) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update devices set name = $4 where tenant_id = $1 and holder_id = $2 and device = $3",
        tenant,
        holder.uuid(),
        device.key(),
        name.map(DeviceName::as_str),
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Blocks a device of a right; one that is blocked keeps its date. Returns whether the right knows the device.
pub async fn block(tx: &mut TenantTx, holder: Holder, device: &Device, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update devices
         set blocked_at = coalesce(blocked_at, $4)
         where tenant_id = $1 and holder_id = $2 and device = $3",
        tenant,
        holder.uuid(),
        device.key(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    told(tx, holder, device, changed.rows_affected()).await
}

/// Lets a blocked device come online again. Returns whether the right knows the device.
pub async fn unblock(tx: &mut TenantTx, holder: Holder, device: &Device) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update devices set blocked_at = null where tenant_id = $1 and holder_id = $2 and device = $3",
        tenant,
        holder.uuid(),
        device.key(),
    )
    .execute(tx.connection())
    .await?;
    told(tx, holder, device, changed.rows_affected()).await
}

/// Notes that a device was let go of: what it has online from before is to end. Returns whether the right knows the
/// device.
pub async fn note_release(
    tx: &mut TenantTx,
    holder: Holder,
    device: &Device,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update devices set released_at = $4 where tenant_id = $1 and holder_id = $2 and device = $3",
        tenant,
        holder.uuid(),
        device.key(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    told(tx, holder, device, changed.rows_affected()).await
}

/// How many devices of a right are blocked.
pub async fn count_blocked(tx: &mut TenantTx, holder: Holder) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from devices
           where tenant_id = $1 and holder_id = $2 and blocked_at is not null"#,
        tenant,
        holder.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(crate::columns::uncounter(count))
}

/// Frees the place that a device has on a right, and has its live sessions looked at again. Returns these.
pub async fn free_place(
    tx: &mut TenantTx,
    holder: Holder,
    device: &Device,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let sessions = sqlx::query_scalar!(
        "with live as (
             select id
             from sessions
             where tenant_id = $1 and holder_id = $2 and device = $3 and ended_at is null
             order by id
             for update
         )
         update sessions s
         set look_at = $4
         from live
         where s.tenant_id = $1 and s.id = live.id
         returning s.id",
        tenant,
        holder.uuid(),
        device.key(),
        Instant(now) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    slots::free(tx, holder, device).await?;
    Ok(sessions.into_iter().map(SessionId::from_uuid).collect())
}

/// Whoever keeps the right, or the device's address, in memory hears of the change.
async fn told(tx: &mut TenantTx, holder: Holder, device: &Device, rows: u64) -> Result<bool, StoreError> {
    if rows == 0 {
        return Ok(false);
    }
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into changes (tenant_id, kind, id) values ($1, $2, $3)",
        tenant,
        holder.kind(),
        holder.uuid(),
    )
    .execute(tx.connection())
    .await?;
    match device {
        Device::Mac(mac) => note_addresses(tx, &[change_id(*mac)]).await?,
        Device::Caller(_) | Device::Unnamed => {}
    }
    Ok(true)
}

struct DeviceRow {
    device: String,
    first_seen_at: Instant,
    last_seen_at: Instant,
    name: Option<String>,
    blocked_at: Option<Instant>,
    is_online: bool,
}

impl TryFrom<DeviceRow> for SeenDevice {
    type Error = ();
    fn try_from(row: DeviceRow) -> Result<Self, ()> {
        Ok(Self {
            device: Device::from_key(&row.device),
            first_seen_at: row.first_seen_at.0,
            last_seen_at: row.last_seen_at.0,
            name: row.name.map(|name| name.parse().map_err(|_| ())).transpose()?,
            blocked_at: at(row.blocked_at),
            is_online: row.is_online,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_from_the_feed() {
        let mac = Mac::from_octets([0xAA, 0xBB, 0xCC, 1, 2, 3]);

        assert_eq!(of_change(change_id(mac)), mac);
    }
}
