//! ISPs: opening and finding them. Serves the operator; no tenant sees another.

use std::num::NonZeroU32;

use domain::id::TenantId;
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::house::{HouseRules, Restriction, Unpaid};
use domain::platform::tenant::Tenant;
use domain::rate::{Bps, RateLimit};
use domain::time::Zone;
use uuid::Uuid;

use crate::columns::uncounter;
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// The most tenants that one system serves.
const TENANTS_MAX: i64 = 10_000;
/// The first version of a tenant's data key.
const FIRST_KEY: u16 = 1;

/// Adds an ISP with a data key of its own. A name that is taken is a `Conflict`.
pub async fn add(tx: &mut SystemTx, tenant: &Tenant) -> Result<(), StoreError> {
    let wrapped = tx.keyring().wrap_new_key(tenant.id, FIRST_KEY)?;
    sqlx::query!(
        "insert into tenants (id, slug, name, zone, currency, calling_code)
         values ($1, $2, $3, $4, $5, $6)",
        tenant.id.uuid(),
        tenant.slug.as_str(),
        tenant.name,
        tenant.zone.name(),
        tenant.currency.code(),
        tenant.calling_code.as_str(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into tenant_keys (tenant_id, version, wrapped) values ($1, $2, $3)",
        tenant.id.uuid(),
        i32::from(FIRST_KEY),
        wrapped,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Adds the platform's own tenant. When there is one, that is a `Conflict`.
pub async fn add_platform(tx: &mut SystemTx, tenant: &Tenant) -> Result<(), StoreError> {
    add(tx, tenant).await?;
    sqlx::query!("update tenants set is_platform = true where id = $1", tenant.id.uuid())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// All ISPs by name. The platform's own tenant is none.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<Tenant>, StoreError> {
    sqlx::query_as!(
        TenantRow,
        r#"select id, slug, name, zone, currency, calling_code, mac_login, suspended, suspended_pool, suspended_list,
                  suspended_up_bps, suspended_down_bps, suspended_seconds
           from tenants
           where not is_platform
           order by slug
           limit $1"#,
        TENANTS_MAX,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Tenant::try_from)
    .collect()
}

/// The ISP with a short name.
pub async fn find(tx: &mut SystemTx, slug: &str) -> Result<Option<Tenant>, StoreError> {
    sqlx::query_as!(
        TenantRow,
        r#"select id, slug, name, zone, currency, calling_code, mac_login, suspended, suspended_pool, suspended_list,
                  suspended_up_bps, suspended_down_bps, suspended_seconds
           from tenants
           where slug = $1"#,
        slug,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Tenant::try_from)
    .transpose()
}

/// For how many days each ISP keeps its sessions.
pub async fn session_days(tx: &mut SystemTx) -> Result<Vec<(TenantId, u32)>, StoreError> {
    let rows = sqlx::query!("select id, session_days from tenants order by slug limit $1", TENANTS_MAX)
        .fetch_all(tx.connection())
        .await?;
    let days = |days: i32| u32::try_from(days).unwrap_or(u32::MAX);
    Ok(rows.into_iter().map(|row| (TenantId::from_uuid(row.id), days(row.session_days))).collect())
}

/// Settles whether all staff of the ISP must give a code beside the password. Returns how it was.
pub async fn set_demands_totp(tx: &mut TenantTx, demanded: bool) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = sqlx::query_scalar!("select demands_totp from tenants where id = $1 for no key update", tenant)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::Missing { what: "tenant" })?;
    sqlx::query!(
        "update tenants set demands_totp = $2, revision = revision + 1 where id = $1 and demands_totp <> $2",
        tenant,
        demanded
    )
    .execute(tx.connection())
    .await?;
    Ok(before)
}

/// Whether all staff of the ISP must give a code beside the password.
pub async fn demands_totp(tx: &mut TenantTx) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let demanded = sqlx::query_scalar!("select demands_totp from tenants where id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?;
    demanded.ok_or(StoreError::Missing { what: "tenant" })
}

/// The short name of the ISP, and its name as people say it.
pub async fn named(tx: &mut TenantTx) -> Result<(String, String), StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!("select slug, name from tenants where id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::Missing { what: "tenant" })?;
    Ok((row.slug, row.name))
}

/// The tenant itself.
pub async fn own(tx: &mut TenantTx) -> Result<Tenant, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        TenantRow,
        r#"select id, slug, name, zone, currency, calling_code, mac_login, suspended, suspended_pool, suspended_list,
                  suspended_up_bps, suspended_down_bps, suspended_seconds
           from tenants
           where id = $1"#,
        tenant,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::Missing { what: "tenant" })?
    .try_into()
}

/// How the ISP of a transaction wants its people dealt with.
pub async fn house(tx: &mut TenantTx) -> Result<HouseRules, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        "select mac_login, suspended, suspended_pool, suspended_list, suspended_up_bps, suspended_down_bps,
                suspended_seconds
         from tenants
         where id = $1",
        tenant,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::Missing { what: "tenant" })?;
    let columns = HouseColumns {
        mac_login: row.mac_login,
        suspended: &row.suspended,
        pool: row.suspended_pool.as_deref(),
        list: row.suspended_list.as_deref(),
        up_bps: row.suspended_up_bps,
        down_bps: row.suspended_down_bps,
        seconds: row.suspended_seconds,
    };
    columns.rules().ok_or_else(|| StoreError::corrupt("tenants", tenant))
}

/// How an ISP wants its people dealt with, as its row has it.
pub(crate) struct HouseColumns<'a> {
    pub(crate) mac_login: bool,
    pub(crate) suspended: &'a str,
    pub(crate) pool: Option<&'a str>,
    pub(crate) list: Option<&'a str>,
    pub(crate) up_bps: Option<i64>,
    pub(crate) down_bps: Option<i64>,
    pub(crate) seconds: i32,
}

impl HouseColumns<'_> {
    /// The rules; `None` when the columns are none.
    pub(crate) fn rules(&self) -> Option<HouseRules> {
        let unpaid = match self.suspended {
            "reject" => Unpaid::Reject,
            "restrict" => Unpaid::Restrict(Box::new(Restriction {
                pool: self.pool.map(str::parse).transpose().ok()?,
                address_list: self.list.map(str::parse).transpose().ok()?,
                rate: match (self.up_bps, self.down_bps) {
                    (Some(up), Some(down)) => Some(RateLimit::flat(Bps::new(uncounter(up)), Bps::new(uncounter(down)))),
                    _ => None,
                },
                seconds: u32::try_from(self.seconds).ok().and_then(NonZeroU32::new)?,
            })),
            _ => return None,
        };
        Some(HouseRules { mac_login: self.mac_login, unpaid })
    }
}

struct TenantRow {
    id: Uuid,
    slug: String,
    name: String,
    zone: String,
    currency: String,
    calling_code: String,
    mac_login: bool,
    suspended: String,
    suspended_pool: Option<String>,
    suspended_list: Option<String>,
    suspended_up_bps: Option<i64>,
    suspended_down_bps: Option<i64>,
    suspended_seconds: i32,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = StoreError;
    fn try_from(row: TenantRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("tenants", row.id);
        Ok(Self {
            id: TenantId::from_uuid(row.id),
            slug: row.slug.parse().map_err(|_| corrupt())?,
            name: row.name,
            zone: Zone::named(&row.zone).map_err(|_| corrupt())?,
            currency: Currency::from_code(&row.currency).map_err(|_| corrupt())?,
            calling_code: CallingCode::parse(&row.calling_code).map_err(|_| corrupt())?,
            house: HouseColumns {
                mac_login: row.mac_login,
                suspended: row.suspended.as_str(),
                pool: row.suspended_pool.as_deref(),
                list: row.suspended_list.as_deref(),
                up_bps: row.suspended_up_bps,
                down_bps: row.suspended_down_bps,
                seconds: row.suspended_seconds,
            }
            .rules()
            .ok_or_else(corrupt)?,
        })
    }
}
