//! The routers that may ask us, found by the port they ask on and by address: longest prefix first, several to an
//! address.

mod neighbours;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use domain::id::{NasId, TenantId};
use domain::network::nas::{Nas, PortPair};
use domain::secret::SecretBytes;
use foldhash::fast::{FixedState, RandomState};
use ipnet::IpNet;
use store::TenantScope;

pub use crate::directory::registry::neighbours::{Names, Neighbours};
use crate::directory::sightings::Watch;
use crate::guard::shares::{NasLoad, TenantLoad};

/// Routers that are tried for one packet, over all networks that its address is in. More are not: each costs a hash.
pub const CANDIDATES_MAX: usize = 16;

/// A router with its secret ready for hashing and its way into the tenant's rows.
#[derive(Debug)]
pub struct KnownNas {
    /// The router.
    pub nas: Nas,
    /// Its shared secret.
    pub secret: radius::Secret,
    /// The door to its tenant.
    pub scope: TenantScope,
    /// What is seen of it, kept when the registry is read anew.
    pub state: Arc<NasState>,
    /// What its tenant burdens this node with.
    pub tenant: Arc<TenantLoad>,
    /// A short name for tables of fixed size; two routers may share it.
    pub mark: u32,
    /// Those of its network with the same number have the same secret, so that it proves nothing between them.
    twins: Option<u32>,
}

/// What this node keeps of one router while it runs.
#[derive(Debug, Default)]
pub struct NasState {
    /// What is seen of it.
    pub watch: Watch,
    /// What it burdens this node with.
    pub load: NasLoad,
}

impl KnownNas {
    /// The same router over TLS, where the shared secret is one that everybody knows (RFC 6614 §2.3).
    pub(crate) fn over_tls(known: &Self) -> Self {
        Self {
            nas: known.nas.clone(),
            secret: radius::Secret::new(radius::radsec::SECRET),
            scope: known.scope,
            state: Arc::clone(&known.state),
            tenant: Arc::clone(&known.tenant),
            mark: known.mark,
            twins: None,
        }
    }
}

/// The networks of one prefix length, each with its routers.
type Networks = HashMap<IpNet, Neighbours, RandomState>;

/// Prefix lengths in use, longest first, each with the networks of that length.
#[derive(Debug, Default)]
struct ByLength(Vec<(u8, Networks)>);

/// All routers of all tenants at one moment. Replaced whole when one changes.
#[derive(Debug, Default)]
pub struct Registry {
    /// Those that ask on the ports of all.
    common: ByLength,
    /// Those with ports of their own.
    own: HashMap<PortPair, ByLength, RandomState>,
    by_id: HashMap<NasId, Arc<KnownNas>, RandomState>,
}

impl Registry {
    /// Builds the registry; what is kept of routers and tenants goes on from `before`. Routers of one network stand in
    /// the order of their ids, so that every node tries them alike.
    pub fn of(mut routers: Vec<(Nas, SecretBytes)>, before: &Self) -> Self {
        routers.sort_by_key(|(nas, _)| nas.id);
        let mut tenants: HashMap<TenantId, Arc<TenantLoad>> =
            before.by_id.values().map(|known| (known.nas.tenant, Arc::clone(&known.tenant))).collect();
        let mut twins = Twins::default();
        for (nas, secret) in &routers {
            twins.count(nas, secret);
        }
        let mut registry = Self::default();
        for (nas, secret) in routers {
            let state = before.by_id.get(&nas.id).map(|known| Arc::clone(&known.state)).unwrap_or_default();
            let known = Arc::new(KnownNas {
                scope: TenantScope::of_nas(&nas),
                secret: radius::Secret::new(secret.expose()),
                state,
                tenant: Arc::clone(tenants.entry(nas.tenant).or_default()),
                mark: mark_of(nas.id),
                twins: twins.number(&nas, &secret),
                nas,
            });
            let ports = match known.nas.port_pair {
                None => &mut registry.common,
                Some(pair) => registry.own.entry(pair).or_default(),
            };
            ports.add(canonical(known.nas.address), Arc::clone(&known));
            registry.by_id.insert(known.nas.id, known);
        }
        registry.common.sort();
        registry.own.values_mut().for_each(ByLength::sort);
        registry
    }

    /// The networks that an address is in, longest first, among the routers that ask on those ports.
    pub fn networks(&self, address: IpAddr, pair: Option<PortPair>) -> impl Iterator<Item = &Neighbours> {
        let address = address.to_canonical();
        let ports = match pair {
            None => Some(&self.common),
            Some(pair) => self.own.get(&pair),
        };
        let lengths = ports.map(|ports| ports.0.as_slice()).unwrap_or_default();
        lengths.iter().filter_map(move |(length, networks)| networks.get(&prefix_for(address, *length)?))
    }

    /// The router with an id.
    pub fn by_id(&self, id: NasId) -> Option<&Arc<KnownNas>> {
        self.by_id.get(&id)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<KnownNas>> {
        self.by_id.values()
    }

    /// How many routers are known.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

impl ByLength {
    fn add(&mut self, network: IpNet, known: Arc<KnownNas>) {
        let length = network.prefix_len() + family_offset(&network);
        let place = match self.0.iter().position(|(known, _)| *known == length) {
            Some(place) => place,
            None => {
                self.0.push((length, Networks::default()));
                self.0.len() - 1
            }
        };
        let is_wide = network.prefix_len() < network.max_prefix_len();
        self.0[place].1.entry(network).or_insert_with(|| Neighbours::of(is_wide)).add(known);
    }

    fn sort(&mut self) {
        self.0.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    }
}

/// Ports, network and secret.
type Alike = (Option<PortPair>, IpNet, Vec<u8>);

/// Numbers the secrets that several routers of one network share.
#[derive(Default)]
struct Twins {
    /// A number, and how many have it.
    counted: HashMap<Alike, (u32, u32)>,
}

impl Twins {
    fn key(nas: &Nas, secret: &SecretBytes) -> Alike {
        (nas.port_pair, canonical(nas.address), secret.expose().to_vec())
    }

    fn count(&mut self, nas: &Nas, secret: &SecretBytes) {
        let number = u32::try_from(self.counted.len()).unwrap_or(u32::MAX);
        self.counted.entry(Self::key(nas, secret)).or_insert((number, 0)).1 += 1;
    }

    fn number(&self, nas: &Nas, secret: &SecretBytes) -> Option<u32> {
        self.counted.get(&Self::key(nas, secret)).and_then(|(number, count)| (*count > 1).then_some(*number))
    }
}

/// A number of 32 bits, never zero.
fn mark_of(id: NasId) -> u32 {
    let hash = FixedState::with_seed(0).hash_one(id);
    u32::try_from(hash >> 32).unwrap_or(1).max(1)
}

/// IPv6 lengths stand above IPv4's, so that one list holds both without mixing them.
fn family_offset(network: &IpNet) -> u8 {
    match network {
        IpNet::V4(_) => 0,
        IpNet::V6(_) => 64,
    }
}

fn prefix_for(address: IpAddr, key: u8) -> Option<IpNet> {
    match address {
        IpAddr::V4(_) if key <= 32 => IpNet::new(address, key).ok().map(|network| network.trunc()),
        IpAddr::V6(_) if key >= 64 => IpNet::new(address, key - 64).ok().map(|network| network.trunc()),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::new(IpAddr::V4(v4), v6.prefix_len() - 96).unwrap_or(network),
            None => network,
        },
        IpNet::V4(_) | IpNet::V6(_) => network,
    };
    mapped.trunc()
}
