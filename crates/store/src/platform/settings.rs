//! What ISPs have settled for themselves, and the platform for all.

use domain::platform::house::Restriction;
use domain::platform::settings::{PlatformSettings, TenantSettings};
use domain::text::RouterName;
use domain::time::Zone;
use uuid::Uuid;

use crate::columns::{counter, integer, uncounter};
use crate::error::StoreError;
use crate::platform::tenants::HouseColumns;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// The settings of the transaction's ISP.
pub async fn find(tx: &mut TenantTx) -> Result<TenantSettings, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        "select name, zone, session_days, demands_totp, mac_login, suspended, suspended_pool, suspended_list,
                suspended_up_bps, suspended_down_bps, suspended_seconds, revision
         from tenants
         where id = $1",
        tenant,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::Missing { what: "tenant" })?;
    let corrupt = || StoreError::corrupt("tenants", tenant);
    let house = HouseColumns {
        mac_login: row.mac_login,
        suspended: &row.suspended,
        pool: row.suspended_pool.as_deref(),
        list: row.suspended_list.as_deref(),
        up_bps: row.suspended_up_bps,
        down_bps: row.suspended_down_bps,
        seconds: row.suspended_seconds,
    };
    Ok(TenantSettings {
        name: row.name.parse().map_err(|_| corrupt())?,
        zone: Zone::named(&row.zone).map_err(|_| corrupt())?,
        house: house.rules().ok_or_else(corrupt)?,
        session_days: u32::try_from(row.session_days).map_err(|_| corrupt())?,
        demands_totp: row.demands_totp,
        revision: uncounter(row.revision),
    })
}

/// The same, and nobody else changes them until the transaction ends.
pub async fn lock(tx: &mut TenantTx) -> Result<TenantSettings, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from tenants where id = $1 for no key update", tenant)
        .fetch_optional(tx.connection())
        .await?;
    find(tx).await
}

/// Writes an ISP's settings down.
pub async fn put(tx: &mut TenantTx, settings: &TenantSettings) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let house = &settings.house;
    let terms = house.unpaid.restriction();
    let speeds = terms.and_then(|terms| terms.rate.as_ref()).map(|rate| rate.rate);
    sqlx::query!(
        "update tenants
         set name = $2, zone = $3, session_days = $4, demands_totp = $5, mac_login = $6, suspended = $7,
             suspended_pool = $8, suspended_list = $9, suspended_up_bps = $10, suspended_down_bps = $11,
             suspended_seconds = $12, revision = revision + 1
         where id = $1",
        tenant,
        settings.name.as_str(),
        settings.zone.name(),
        integer(settings.session_days),
        settings.demands_totp,
        house.mac_login,
        if terms.is_some() { "restrict" } else { "reject" },
        terms.and_then(|terms| terms.pool.as_ref()).map(RouterName::as_str),
        terms.and_then(|terms| terms.address_list.as_ref()).map(RouterName::as_str),
        speeds.map(|speeds| counter(speeds.up.get())),
        speeds.map(|speeds| counter(speeds.down.get())),
        integer(terms.map_or(Restriction::SECONDS_DEFAULT, |terms| terms.seconds.get())),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What the platform has settled.
pub async fn of_platform(tx: &mut TenantTx) -> Result<PlatformSettings, StoreError> {
    let row = sqlx::query!("select name, trial_hours, grace_days, is_sign_up_open, revision from platform_settings")
        .fetch_one(tx.connection())
        .await?;
    let corrupt = || StoreError::corrupt("platform_settings", Uuid::nil());
    Ok(PlatformSettings {
        name: row.name.parse().map_err(|_| corrupt())?,
        trial_hours: u32::try_from(row.trial_hours).map_err(|_| corrupt())?,
        grace_days: u32::try_from(row.grace_days).map_err(|_| corrupt())?,
        is_sign_up_open: row.is_sign_up_open,
        revision: uncounter(row.revision),
    })
}

/// Writes the platform's settings down, where nobody has changed them meanwhile. Returns whether it did.
pub async fn put_of_platform(tx: &mut SystemTx, settings: &PlatformSettings) -> Result<bool, StoreError> {
    let put = sqlx::query!(
        "update platform_settings
         set name = $1, trial_hours = $2, grace_days = $3, is_sign_up_open = $4, revision = revision + 1
         where revision = $5",
        settings.name.as_str(),
        integer(settings.trial_hours),
        integer(settings.grace_days),
        settings.is_sign_up_open,
        counter(settings.revision),
    )
    .execute(tx.connection())
    .await?;
    Ok(put.rows_affected() == 1)
}
