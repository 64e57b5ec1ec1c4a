//! Registers a router: from the next second on it may ask.

use domain::network::nas::{Nas, Vendor};
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use store::network::nas;
use store::{Store, StoreError, TenantScope};

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
    /// How to speak to it.
    pub vendor: Vendor,
    /// Where it listens for CoA and Disconnect.
    pub coa_port: u16,
    /// The shared secret.
    pub secret: SecretBytes,
}

/// Writes the router with its secret sealed. A name that is taken in this tenant is a conflict.
pub async fn register_nas(
    store: &Store,
    scope: &TenantScope,
    new: NewNas,
    context: Context<'_>,
) -> Result<Nas, StoreError> {
    let NewNas { name, address, identifier, vendor, coa_port, secret } = new;
    let router = Nas { id: context.new_id(), tenant: scope.tenant(), name, address, identifier, vendor, coa_port };
    let mut tx = store.tenant(scope).await?;
    nas::add(&mut tx, &router, &secret).await?;
    tx.commit().await?;
    Ok(router)
}
