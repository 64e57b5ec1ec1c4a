//! Routers: registered by a tenant, read by every node for all tenants.

use std::collections::HashMap;

use domain::id::{NasId, TenantId};
use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use uuid::Uuid;

use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::sealing::Place;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Registers a router with its shared secret. A name that the tenant has used is a `Conflict`, and a router of another
/// tenant than the transaction's is `Denied`.
pub async fn add(tx: &mut TenantTx, nas: &Nas, secret: &SecretBytes) -> Result<(), StoreError> {
    let sealed = tx.keys().await?.seal(&tx.keyring(), &secret_place(nas.id.uuid()), secret)?;
    sqlx::query!(
        "insert into nas (tenant_id, id, name, address, identifier, vendor, coa_port, secret_sealed)
         values ($1, $2, $3, network($4::inet), $5, $6, $7, $8)",
        nas.tenant.uuid(),
        nas.id.uuid(),
        nas.name.as_str(),
        nas.address.trunc(),
        nas.identifier.as_deref(),
        nas.vendor.code(),
        i32::from(nas.coa_port),
        sealed,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The tenant's routers in the order in which they were registered.
pub async fn list(tx: &mut TenantTx, page: Page<NasId>) -> Result<Listed<Nas, NasId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        NasRow,
        "select tenant_id, id, name, address, identifier, vendor, coa_port, secret_sealed
         from nas
         where tenant_id = $1
           and ($2::uuid is null or id > $2)
         order by id
         limit $3",
        tenant,
        page.key().map(|id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let routers = rows.iter().map(NasRow::nas).collect::<Result<_, _>>()?;
    Ok(page.cut(routers, |nas: &Nas| nas.id))
}

/// The tenant's router with an id.
pub async fn find(tx: &mut TenantTx, id: NasId) -> Result<Option<Nas>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        NasRow,
        "select tenant_id, id, name, address, identifier, vendor, coa_port, secret_sealed
         from nas
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(|row| row.nas())
    .transpose()
}

/// The tenant's router of a name.
pub async fn find_by_name(tx: &mut TenantTx, name: &Slug) -> Result<Option<Nas>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        NasRow,
        "select tenant_id, id, name, address, identifier, vendor, coa_port, secret_sealed
         from nas
         where tenant_id = $1 and name = $2",
        tenant,
        name.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(|row| row.nas())
    .transpose()
}

/// All routers of all tenants with their shared secrets.
pub async fn registry(tx: &mut SystemTx) -> Result<Vec<(Nas, SecretBytes)>, StoreError> {
    let mut wrapped: HashMap<Uuid, Vec<(i32, Vec<u8>)>> = HashMap::new();
    for key in sqlx::query!("select tenant_id, version, wrapped from tenant_keys").fetch_all(tx.connection()).await? {
        wrapped.entry(key.tenant_id).or_default().push((key.version, key.wrapped));
    }
    let rows = sqlx::query_as!(
        NasRow,
        "select tenant_id, id, name, address, identifier, vendor, coa_port, secret_sealed
         from nas
         order by tenant_id, id",
    )
    .fetch_all(tx.connection())
    .await?;
    let keyring = tx.keyring();
    let mut opened = HashMap::new();
    for (tenant, keys) in wrapped {
        opened.insert(tenant, keyring.open_keys(TenantId::from_uuid(tenant), keys)?);
    }
    rows.iter()
        .map(|row| {
            let keys = opened.get(&row.tenant_id).ok_or_else(|| StoreError::corrupt("nas", row.id))?;
            Ok((row.nas()?, keys.open(&secret_place(row.id), &row.secret_sealed)?))
        })
        .collect()
}

/// What the registry looked like at a moment: another one whenever any router was added, changed or removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistryFingerprint {
    routers: i64,
    sum: String,
}

/// The registry's fingerprint now.
///
/// Made from what is committed, row by row, so a change that began early and was committed late shows as well.
pub async fn registry_fingerprint(tx: &mut SystemTx) -> Result<RegistryFingerprint, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "routers!",
                  coalesce(sum(hashtextextended(id::text || ':' || revision::text, 0)), 0)::text as "sum!"
           from nas"#,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(RegistryFingerprint { routers: row.routers, sum: row.sum })
}

const fn secret_place(nas: Uuid) -> Place {
    Place::new("nas", "secret_sealed", nas)
}

struct NasRow {
    tenant_id: Uuid,
    id: Uuid,
    name: String,
    address: IpNet,
    identifier: Option<String>,
    vendor: String,
    coa_port: i32,
    secret_sealed: Vec<u8>,
}

impl NasRow {
    fn nas(&self) -> Result<Nas, StoreError> {
        let corrupt = || StoreError::corrupt("nas", self.id);
        Ok(Nas {
            id: NasId::from_uuid(self.id),
            tenant: TenantId::from_uuid(self.tenant_id),
            name: self.name.parse().map_err(|_| corrupt())?,
            address: self.address,
            identifier: self.identifier.clone(),
            vendor: self.vendor.parse().map_err(|_| corrupt())?,
            coa_port: u16::try_from(self.coa_port).map_err(|_| corrupt())?,
        })
    }
}
