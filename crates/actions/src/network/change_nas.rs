//! Changes a router: from the next second on it is known so.

use domain::network::nas::{Nas, PortPair, Signing, SigningRule, Vendor};
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use store::network::nas;
use store::{Store, StoreError, TenantScope};

use crate::network::register_nas::NasRefused;

/// What is to be another; `None` stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// Its short name.
    pub name: Option<Slug>,
    /// Where its packets come from.
    pub address: Option<IpNet>,
    /// Its NAS-Identifier, or none any more.
    pub identifier: Option<Option<String>>,
    /// Its Mikrotik-Realm, or none any more.
    pub realm: Option<Option<String>>,
    /// Its own ports of ours, or none any more.
    pub port_pair: Option<Option<PortPair>>,
    /// How to speak to it.
    pub vendor: Option<Vendor>,
    /// Where it listens for CoA and Disconnect.
    pub coa_port: Option<u16>,
    /// What holds for its unsigned requests. Any word of the operator lets go of what was seen before.
    pub signing: Option<SigningRule>,
    /// The shared secret.
    pub secret: Option<SecretBytes>,
}

/// Writes the changes. A name that another router of this tenant has is a conflict.
pub async fn change_nas(store: &Store, scope: &TenantScope, name: &Slug, changes: Changes) -> Result<Nas, NasRefused> {
    let mut tx = store.tenant(scope).await?;
    let before = nas::find_by_name(&mut tx, name).await?.ok_or(StoreError::Missing { what: "router" })?;
    let router = Nas {
        name: changes.name.unwrap_or(before.name),
        address: changes.address.unwrap_or(before.address),
        identifier: changes.identifier.unwrap_or(before.identifier),
        realm: changes.realm.unwrap_or(before.realm),
        port_pair: changes.port_pair.unwrap_or(before.port_pair),
        vendor: changes.vendor.unwrap_or(before.vendor),
        coa_port: changes.coa_port.unwrap_or(before.coa_port),
        signing: changes.signing.map_or(before.signing, |rule| Signing { rule, raised_at: None }),
        id: before.id,
        tenant: before.tenant,
    };
    router.check()?;
    nas::update(&mut tx, &router).await?;
    if let Some(secret) = &changes.secret {
        nas::set_secret(&mut tx, router.id, secret).await?;
    }
    tx.commit().await?;
    Ok(router)
}
