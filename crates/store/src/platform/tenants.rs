//! ISPs: opening and finding them. Serves the operator; no tenant sees another.

use domain::id::TenantId;
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::tenant::Tenant;
use domain::time::Zone;
use uuid::Uuid;

use crate::error::StoreError;
use crate::system_tx::SystemTx;

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

/// All ISPs by name.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<Tenant>, StoreError> {
    sqlx::query_as!(
        TenantRow,
        "select id, slug, name, zone, currency, calling_code
         from tenants
         order by slug
         limit $1",
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
        "select id, slug, name, zone, currency, calling_code
         from tenants
         where slug = $1",
        slug,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Tenant::try_from)
    .transpose()
}

struct TenantRow {
    id: Uuid,
    slug: String,
    name: String,
    zone: String,
    currency: String,
    calling_code: String,
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
        })
    }
}
