//! Registers a router: from the next second on it may ask.

use domain::network::nas::{Nas, NasError, PortPair, Signing, SigningRule, Vendor};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use store::network::nas;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};

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
    /// It is not as its caller saw it any more.
    #[error("the router was changed meanwhile")]
    Stale,
    /// It cannot be like that.
    #[error(transparent)]
    Wrong(#[from] NasError),
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
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
    entitle::may_add(&mut tx, Limit::Routers, context).await?;
    nas::add(&mut tx, &router, &secret).await?;
    let entry = context.audit(Verb::AddRouter, Thing::Router(router.id), changes(None, Some(&router)));
    audit::note(&mut tx, &[entry]).await?;
    tx.commit().await?;
    Ok(router)
}

/// What is different between a router before and after, in the words of the audit. Never the secret.
pub(crate) fn changes(before: Option<&Nas>, after: Option<&Nas>) -> Vec<Change> {
    type Field = (&'static str, fn(&Nas) -> Option<String>);
    const FIELDS: [Field; 8] = [
        ("name", |nas| Some(nas.name.to_string())),
        ("address", |nas| Some(nas.address.to_string())),
        ("identifier", |nas| nas.identifier.clone()),
        ("realm", |nas| nas.realm.clone()),
        ("ports", |nas| nas.port_pair.map(|pair| pair.to_string())),
        ("vendor", |nas| Some(nas.vendor.code().to_owned())),
        ("coa_port", |nas| Some(nas.coa_port.to_string())),
        ("signing", |nas| Some(nas.signing.rule.code().to_owned())),
    ];
    let sides = FIELDS.iter().map(|(name, read)| (*name, before.and_then(read), after.and_then(read)));
    sides
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Change::of(name, before, after))
        .collect()
}
