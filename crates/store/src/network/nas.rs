//! Routers: registered by a tenant, read by every node for all tenants.

mod searching;

use std::collections::HashMap;

use domain::id::{NasId, TenantId};
use domain::network::nas::{Nas, PortPair, Signing};
use domain::secret::SecretBytes;
use domain::text::Slug;
use domain::time::Timestamp;
use ipnet::IpNet;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::sealing::Place;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

pub use searching::{ListedNas, NameKey, NasFilter, search, search_by_name};

/// Registers a router with its shared secret. A name that the tenant uses is a `Conflict`, and a router of another
/// tenant than the transaction's is `Denied`.
pub async fn add(tx: &mut TenantTx, nas: &Nas, secret: &SecretBytes) -> Result<(), StoreError> {
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &secret_place(nas.id.uuid()), secret)?;
    sqlx::query!(
        "insert into nas (tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                          signing_raised_at, secret_sealed)
         values ($1, $2, $3, network($4::inet), $5, $6, $7, $8, $9, $10, $11, $12)",
        nas.tenant.uuid(),
        nas.id.uuid(),
        nas.name.as_str(),
        nas.address.trunc(),
        nas.identifier.as_deref(),
        nas.realm.as_deref(),
        nas.port_pair.map(|pair| i32::from(pair.auth())),
        nas.vendor.code(),
        i32::from(nas.coa_port),
        nas.signing.rule.code(),
        Instant::of(nas.signing.raised_at) as _,
        sealed,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes a router anew, all but its secret. One that has been retired is `Missing`.
pub async fn update(tx: &mut TenantTx, nas: &Nas) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let done = sqlx::query!(
        "update nas
         set name = $3,
             address = network($4::inet),
             identifier = $5,
             realm = $6,
             port_pair = $7,
             vendor = $8,
             coa_port = $9,
             signing = $10,
             signing_raised_at = $11
         where tenant_id = $1 and id = $2 and retired_at is null",
        tenant,
        nas.id.uuid(),
        nas.name.as_str(),
        nas.address.trunc(),
        nas.identifier.as_deref(),
        nas.realm.as_deref(),
        nas.port_pair.map(|pair| i32::from(pair.auth())),
        nas.vendor.code(),
        i32::from(nas.coa_port),
        nas.signing.rule.code(),
        Instant::of(nas.signing.raised_at) as _,
    )
    .execute(tx.connection())
    .await?;
    found(done.rows_affected())
}

/// Gives a router another shared secret. One that has been retired is `Missing`.
pub async fn set_secret(tx: &mut TenantTx, nas: NasId, secret: &SecretBytes) -> Result<(), StoreError> {
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &secret_place(nas.uuid()), secret)?;
    let tenant = tx.tenant_uuid();
    let done = sqlx::query!(
        "update nas set secret_sealed = $3 where tenant_id = $1 and id = $2 and retired_at is null",
        tenant,
        nas.uuid(),
        sealed,
    )
    .execute(tx.connection())
    .await?;
    found(done.rows_affected())
}

/// Takes a router out of use. Its sessions and decisions stay, and its name is free. One that has been retired before
/// is `Missing`.
pub async fn retire(tx: &mut TenantTx, nas: NasId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let done = sqlx::query!(
        "update nas set retired_at = $3 where tenant_id = $1 and id = $2 and retired_at is null",
        tenant,
        nas.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    found(done.rows_affected())
}

/// Notes that these routers may not be trusted any more: what was begun there until now is to end.
pub async fn distrust(tx: &mut TenantTx, routers: &[NasId], now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update nas set distrusted_at = $3 where tenant_id = $1 and id = any($2)",
        tenant,
        &routers.iter().map(|nas| nas.uuid()).collect::<Vec<_>>(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those of these routers that were taken out of use or may not be trusted any more, with the last moment of it.
pub async fn gone(tx: &mut TenantTx, routers: &[NasId]) -> Result<HashMap<NasId, Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, greatest(retired_at, distrusted_at) as "at!: Instant"
           from nas
           where tenant_id = $1 and id = any($2) and (retired_at is not null or distrusted_at is not null)"#,
        tenant,
        &routers.iter().map(|nas| nas.uuid()).collect::<Vec<_>>(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (NasId::from_uuid(row.id), row.at.0)).collect())
}

const fn found(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Missing { what: "router" }) } else { Ok(()) }
}

/// The tenant's routers that are in use, in the order in which they were registered.
pub async fn list(tx: &mut TenantTx, page: Page<NasId>) -> Result<Listed<Nas, NasId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        NasRow,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", secret_sealed
           from nas
           where tenant_id = $1
             and retired_at is null
             and ($2::uuid is null or id > $2)
           order by id
           limit $3"#,
        tenant,
        page.key().map(|id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let routers = rows.iter().map(NasRow::nas).collect::<Result<_, _>>()?;
    Ok(page.cut(routers, |nas: &Nas| nas.id))
}

/// The tenant's router with an id, in use or retired.
pub async fn find(tx: &mut TenantTx, id: NasId) -> Result<Option<Nas>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        NasRow,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", secret_sealed
           from nas
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(|row| row.nas())
    .transpose()
}

/// The tenant's router in use with an id, locked until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: NasId) -> Result<Option<Nas>, StoreError> {
    let tenant = tx.tenant_uuid();
    let in_use = sqlx::query!(
        "select 1 as one from nas where tenant_id = $1 and id = $2 and retired_at is null for update",
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    match in_use {
        Some(_) => find(tx, id).await,
        None => Ok(None),
    }
}

/// The tenant's router of a name: the one in use, else the last that had the name.
pub async fn find_by_name(tx: &mut TenantTx, name: &Slug) -> Result<Option<Nas>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        NasRow,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", secret_sealed
           from nas
           where tenant_id = $1 and name = $2
           order by retired_at desc nulls first
           limit 1"#,
        tenant,
        name.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(|row| row.nas())
    .transpose()
}

/// Since when a router is retired; `None` while it is in use.
pub async fn retired_at(tx: &mut TenantTx, id: NasId) -> Result<Option<Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let retired = sqlx::query_scalar!(
        r#"select retired_at as "retired_at: Instant" from nas where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(at(retired.flatten()))
}

/// All routers in use, of all tenants.
#[derive(Debug)]
pub struct Registered {
    /// Those that may ask, each with its shared secret.
    pub routers: Vec<(Nas, SecretBytes)>,
    /// Those whose row or secret cannot be read. They may not ask; the others may.
    pub faulty: Vec<Faulty>,
}

/// A router that cannot be read.
#[derive(Debug)]
pub struct Faulty {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its id.
    pub id: NasId,
    /// Its name, as it stands in the row.
    pub name: String,
    /// What is wrong.
    pub why: StoreError,
}

/// All routers in use, of all tenants. A row that cannot be read harms no other; a master key that opens nobody's
/// secrets is an error.
pub async fn registry(tx: &mut SystemTx) -> Result<Registered, StoreError> {
    registered(tx, None).await
}

/// The same with those that were retired after `since`: they may not ask, and can be asked to end what they still have.
pub async fn registry_with_retired(tx: &mut SystemTx, since: Timestamp) -> Result<Registered, StoreError> {
    registered(tx, Some(since)).await
}

async fn registered(tx: &mut SystemTx, retired_since: Option<Timestamp>) -> Result<Registered, StoreError> {
    let rows = sqlx::query_as!(
        NasRow,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", secret_sealed
           from nas
           where retired_at is null or retired_at > $1
           order by tenant_id, id"#,
        Instant::of(retired_since) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    // After the rows, so that the key of each is among them when keys are being changed.
    let mut wrapped: HashMap<Uuid, Vec<(i32, Vec<u8>)>> = HashMap::new();
    for key in sqlx::query!("select tenant_id, version, wrapped from tenant_keys").fetch_all(tx.connection()).await? {
        wrapped.entry(key.tenant_id).or_default().push((key.version, key.wrapped));
    }
    let keyring = tx.keyring();
    let opened: HashMap<Uuid, Result<_, StoreError>> = wrapped
        .into_iter()
        .map(|(tenant, keys)| (tenant, keyring.open_keys(TenantId::from_uuid(tenant), keys)))
        .collect();
    if !opened.is_empty() && opened.values().all(|keys| matches!(keys, Err(StoreError::WrongMasterKey))) {
        return Err(StoreError::WrongMasterKey);
    }
    let mut registered = Registered { routers: Vec::new(), faulty: Vec::new() };
    for row in rows {
        let read = match opened.get(&row.tenant_id) {
            Some(Ok(keys)) => {
                row.nas().and_then(|nas| Ok((nas, keys.open(&secret_place(row.id), &row.secret_sealed)?)))
            }
            Some(Err(StoreError::WrongMasterKey)) => Err(StoreError::WrongMasterKey),
            Some(Err(_)) | None => Err(StoreError::corrupt("tenant_keys", row.tenant_id)),
        };
        match read {
            Ok(router) => registered.routers.push(router),
            Err(why) => registered.faulty.push(Faulty {
                tenant: TenantId::from_uuid(row.tenant_id),
                id: NasId::from_uuid(row.id),
                name: row.name,
                why,
            }),
        }
    }
    Ok(registered)
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
           from nas
           where retired_at is null"#,
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
    realm: Option<String>,
    port_pair: Option<i32>,
    vendor: String,
    coa_port: i32,
    signing: String,
    signing_raised_at: Option<Instant>,
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
            realm: self.realm.clone(),
            port_pair: self.port_pair.map(|auth| pair(auth).ok_or_else(corrupt)).transpose()?,
            vendor: self.vendor.parse().map_err(|_| corrupt())?,
            coa_port: u16::try_from(self.coa_port).map_err(|_| corrupt())?,
            signing: Signing {
                rule: self.signing.parse().map_err(|_| corrupt())?,
                raised_at: at(self.signing_raised_at),
            },
        })
    }
}

fn pair(auth: i32) -> Option<PortPair> {
    PortPair::of_auth(u16::try_from(auth).ok()?)
}
