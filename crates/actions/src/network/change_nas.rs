//! Changes a router: from the next second on it is known so.

use domain::id::NasId;
use domain::network::nas::{Nas, PortPair, Signing, SigningRule, Vendor};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use domain::secret::SecretBytes;
use domain::text::Slug;
use ipnet::IpNet;
use store::network::nas;
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;
use crate::network::register_nas::{self, NasRefused};
use crate::platform::entitle;

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

/// Which router is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which<'a> {
    /// The one in use of that name.
    Named(&'a Slug),
    /// The one with that id.
    Id(NasId),
}

/// Whether a router is as its caller saw it.
pub type AsSeen<'a> = dyn Fn(&Nas) -> bool + Send + Sync + 'a;

/// For callers who have seen nothing: any router is as they saw it.
pub const fn whatever(_: &Nas) -> bool {
    true
}

/// Writes the changes to a router that is as its caller saw it. A name that another router of this tenant has is a
/// conflict.
pub async fn change_nas(
    store: &Store,
    scope: &TenantScope,
    which: Which<'_>,
    changes: Changes,
    as_seen: &AsSeen<'_>,
    context: Context<'_>,
) -> Result<Nas, NasRefused> {
    let mut tx = store.tenant(scope).await?;
    let before = locked(&mut tx, which, as_seen).await?;
    let was = before.clone();
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
    entitle::may_change(&mut tx, Limit::Routers, router.id.uuid(), context).await?;
    nas::update(&mut tx, &router).await?;
    let mut told = register_nas::changes(Some(&was), Some(&router));
    if let Some(secret) = &changes.secret {
        nas::set_secret(&mut tx, router.id, secret).await?;
        told.push(Change::of("secret", Some("***"), Some("another")));
    }
    audit::note(&mut tx, &[context.audit(Verb::ChangeRouter, Thing::Router(router.id), told)]).await?;
    tx.commit().await?;
    Ok(router)
}

/// The router in use that is meant, locked: nobody else changes it until the transaction ends.
pub(crate) async fn locked(tx: &mut TenantTx, which: Which<'_>, as_seen: &AsSeen<'_>) -> Result<Nas, NasRefused> {
    let missing = StoreError::Missing { what: "router" };
    let id = match which {
        Which::Id(id) => Some(id),
        Which::Named(name) => nas::find_by_name(tx, name).await?.map(|nas| nas.id),
    };
    let found = match id {
        Some(id) => nas::lock(tx, id).await?,
        None => None,
    };
    let router = found.ok_or(missing)?;
    if as_seen(&router) { Ok(router) } else { Err(NasRefused::Stale) }
}
