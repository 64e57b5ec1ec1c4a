//! The routers that may ask us, found by address: longest prefix first, several to an address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use domain::id::NasId;
use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use foldhash::fast::RandomState;
use ipnet::IpNet;
use store::TenantScope;

/// Routers that may share one address. More are not tried: each costs a hash for every packet from there.
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
}

impl KnownNas {
    /// The same router over TLS, where the shared secret is one that everybody knows (RFC 6614 §2.3).
    pub(crate) fn over_tls(known: &Self) -> Self {
        Self { nas: known.nas.clone(), secret: radius::Secret::new(radius::radsec::SECRET), scope: known.scope }
    }
}

/// The networks of one prefix length, each with its routers.
type Networks = HashMap<IpNet, Vec<Arc<KnownNas>>, RandomState>;

/// All routers of all tenants at one moment. Replaced whole when one changes.
#[derive(Debug, Default)]
pub struct Registry {
    /// Prefix lengths in use, longest first, each with the networks of that length.
    by_length: Vec<(u8, Networks)>,
    by_id: HashMap<NasId, Arc<KnownNas>, RandomState>,
}

impl Registry {
    /// Builds the registry. Routers of one network stand in the order of their ids, so that every node tries them alike.
    pub fn of(mut routers: Vec<(Nas, SecretBytes)>) -> Self {
        routers.sort_by_key(|(nas, _)| nas.id);
        let mut registry = Self::default();
        for (nas, secret) in routers {
            let network = canonical(nas.address);
            let known = Arc::new(KnownNas {
                scope: TenantScope::of_nas(&nas),
                secret: radius::Secret::new(secret.expose()),
                nas,
            });
            registry.by_id.insert(known.nas.id, Arc::clone(&known));
            registry
                .networks_of(network.prefix_len() + family_offset(&network))
                .entry(network)
                .or_default()
                .push(known);
        }
        registry.by_length.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        registry
    }

    fn networks_of(&mut self, length: u8) -> &mut Networks {
        let place = match self.by_length.iter().position(|(known, _)| *known == length) {
            Some(place) => place,
            None => {
                self.by_length.push((length, HashMap::default()));
                self.by_length.len() - 1
            }
        };
        &mut self.by_length[place].1
    }

    /// The routers that packets from this address can come from: those of the longest matching network, at most
    /// [`CANDIDATES_MAX`].
    pub fn candidates(&self, address: IpAddr) -> &[Arc<KnownNas>] {
        let address = address.to_canonical();
        for (length, networks) in &self.by_length {
            let Some(prefix) = prefix_for(address, *length) else { continue };
            if let Some(routers) = networks.get(&prefix) {
                return &routers[..routers.len().min(CANDIDATES_MAX)];
            }
        }
        &[]
    }

    /// The router with an id.
    pub fn by_id(&self, id: NasId) -> Option<&Arc<KnownNas>> {
        self.by_id.get(&id)
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

#[cfg(test)]
mod tests {
    use domain::id::{NasId, TenantId};
    use domain::network::nas::Vendor;

    use super::*;

    fn router(id: u8, address: &str) -> (Nas, SecretBytes) {
        let nas = Nas {
            id: NasId::from_bytes([id; 16]),
            tenant: TenantId::from_bytes([id; 16]),
            name: format!("r{id}").parse().expect("good"),
            address: address.parse().expect("good"),
            identifier: None,
            vendor: Vendor::Mikrotik,
            coa_port: 3_799,
        };
        (nas, SecretBytes::new(b"testing123".to_vec()))
    }

    fn found(registry: &Registry, address: &str) -> Vec<u8> {
        let address = address.parse().expect("good");
        registry.candidates(address).iter().map(|known| known.nas.id.bytes()[0]).collect()
    }

    #[test]
    fn the_longest_network_wins() {
        let registry = Registry::of(vec![router(1, "10.0.0.0/8"), router(2, "10.1.2.3/32"), router(3, "10.1.0.0/16")]);

        assert_eq!(found(&registry, "10.1.2.3"), [2]);
        assert_eq!(found(&registry, "10.1.9.9"), [3]);
        assert_eq!(found(&registry, "10.9.9.9"), [1]);
        assert_eq!(found(&registry, "192.0.2.1"), [] as [u8; 0]);
    }

    #[test]
    fn several_routers_share_an_address_in_a_fixed_order() {
        let registry = Registry::of(vec![router(2, "192.0.2.1/32"), router(1, "192.0.2.1/32")]);

        assert_eq!(found(&registry, "192.0.2.1"), [1, 2]);
    }

    #[test]
    fn an_ipv6_network_never_answers_for_an_ipv4_address() {
        let registry =
            Registry::of(vec![router(1, "::/0"), router(2, "2001:db8::/32"), router(3, "::ffff:198.51.100.7/128")]);

        assert_eq!(found(&registry, "2001:db8::9"), [2]);
        assert_eq!(found(&registry, "2001:db9::9"), [1]);
        assert_eq!(found(&registry, "192.0.2.1"), [] as [u8; 0]);
        assert_eq!(found(&registry, "198.51.100.7"), [3]);
    }

    #[test]
    fn a_crowded_address_is_bounded() {
        let routers = (0..40).map(|id| router(id, "192.0.2.1/32")).collect();

        assert_eq!(Registry::of(routers).candidates("192.0.2.1".parse().expect("good")).len(), CANDIDATES_MAX);
    }
}
