//! Registers a router: from the next second on it may ask.

use domain::network::nas::{Nas, NasError, PortPair, Signing, SigningRule, Vendor};
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use store::network::nas;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// A router to register.
#[derive(Debug)]
pub struct NewNas {
    /// Its short name, unique in the tenant.
    pub name: Slug,
    /// Where its packets come from.
    pub address: IpNet,
    /// Its NAS-Identifier, where routers share an address.
    pub identifier: Option<String>,
    /// Its Mikrotik-Realm, where routers share an address.
    pub realm: Option<String>,
    /// Ports of ours that are its own, where routers share an address.
    pub port_pair: Option<PortPair>,
    /// How to speak to it.
    pub vendor: Vendor,
    /// Where it listens for CoA and Disconnect.
    pub coa_port: u16,
    /// What holds for its unsigned requests.
    pub signing: SigningRule,
    /// The shared secret.
    pub secret: SecretBytes,
}

/// Why a router was not written.
#[derive(Debug, Error)]
pub enum NasRefused {
    /// It cannot be like that.
    #[error(transparent)]
    Wrong(#[from] NasError),
    /// The database could not, or knows better.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes the router with its secret sealed. A name that is taken in this tenant is a conflict.
pub async fn register_nas(
    store: &Store,
    scope: &TenantScope,
    new: NewNas,
    context: Context<'_>,
) -> Result<Nas, NasRefused> {
    let NewNas { name, address, identifier, realm, port_pair, vendor, coa_port, signing, secret } = new;
    let router = Nas {
        id: context.new_id(),
        tenant: scope.tenant(),
        name,
        address,
        identifier,
        realm,
        port_pair,
        vendor,
        coa_port,
        signing: Signing { rule: signing, raised_at: None },
    };
    router.check()?;
    let mut tx = store.tenant(scope).await?;
    nas::add(&mut tx, &router, &secret).await?;
    tx.commit().await?;
    Ok(router)
}
