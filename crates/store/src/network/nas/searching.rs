//! Lists of routers that are filtered and sorted.

use std::fmt;
use std::str::FromStr;

use domain::id::NasId;
use domain::network::nas::Nas;
use domain::time::Timestamp;
use ipnet::IpNet;
use thiserror::Error;
use uuid::Uuid;

use super::NasRow;
use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Which routers are meant: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NasFilter {
    /// With this in their name.
    pub text: Option<String>,
    /// Also those that are out of use.
    pub with_retired: bool,
}

/// A router in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedNas {
    /// The router.
    pub nas: Nas,
    /// Since when it is out of use.
    pub retired_at: Option<Timestamp>,
}

/// The place of a router in a list by name: its name, a slash, its id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NameKey {
    name: String,
    id: Uuid,
}

impl fmt::Display for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.id)
    }
}

/// The text is not a place in a list by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a place in a list of routers by name")]
pub struct NotANameKey;

impl FromStr for NameKey {
    type Err = NotANameKey;
    fn from_str(text: &str) -> Result<Self, NotANameKey> {
        let (name, id) = text.rsplit_once('/').ok_or(NotANameKey)?;
        Ok(Self { name: name.to_owned(), id: Uuid::parse_str(id).map_err(|_| NotANameKey)? })
    }
}

/// The tenant's routers that are meant, in the order in which they were registered.
pub async fn search(
    tx: &mut TenantTx,
    filter: &NasFilter,
    page: Page<NasId>,
) -> Result<Listed<ListedNas, NasId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        Row,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", retired_at as "retired_at: Instant"
           from nas
           where tenant_id = $1
             and (retired_at is null or $2)
             and ($3::text is null or strpos(name, lower($3)) > 0)
             and ($4::uuid is null or id > $4)
           order by id
           limit $5"#,
        tenant,
        filter.with_retired,
        filter.text,
        page.key().map(|id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let listed = rows.into_iter().map(ListedNas::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(listed, |one: &ListedNas| one.nas.id))
}

/// The same by name.
pub async fn search_by_name(
    tx: &mut TenantTx,
    filter: &NasFilter,
    page: Page<NameKey>,
) -> Result<Listed<ListedNas, NameKey>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        Row,
        r#"select tenant_id, id, name, address, identifier, realm, port_pair, vendor, coa_port, signing,
                  signing_raised_at as "signing_raised_at: Instant", retired_at as "retired_at: Instant"
           from nas
           where tenant_id = $1
             and (retired_at is null or $2)
             and ($3::text is null or strpos(name, lower($3)) > 0)
             and ($4::text is null or (name, id) > ($4, $5))
           order by name, id
           limit $6"#,
        tenant,
        filter.with_retired,
        filter.text,
        page.key().map(|key| key.name.as_str()),
        page.key().map_or(Uuid::nil(), |key| key.id),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let listed = rows.into_iter().map(ListedNas::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(listed, |one: &ListedNas| NameKey { name: one.nas.name.to_string(), id: one.nas.id.uuid() }))
}

struct Row {
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
    retired_at: Option<Instant>,
}

impl TryFrom<Row> for ListedNas {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let nas = NasRow {
            tenant_id: row.tenant_id,
            id: row.id,
            name: row.name,
            address: row.address,
            identifier: row.identifier,
            realm: row.realm,
            port_pair: row.port_pair,
            vendor: row.vendor,
            coa_port: row.coa_port,
            signing: row.signing,
            signing_raised_at: row.signing_raised_at,
            // Not read: nobody who lists routers needs their secrets.
            secret_sealed: Vec::new(),
        };
        Ok(Self { nas: nas.nas()?, retired_at: at(row.retired_at) })
    }
}
