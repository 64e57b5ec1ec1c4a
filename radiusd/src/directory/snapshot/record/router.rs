//! A router with its shared secret.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::network::nas::{Nas, PortPair, Signing};
use domain::secret::SecretBytes;
use ipnet::IpNet;

use super::octets::{Octets, Out};

const V4: u8 = 4;
const V6: u8 = 6;

pub(super) fn put(out: &mut Vec<u8>, nas: &Nas, secret: &[u8]) -> Option<()> {
    let Nas { id, tenant, name, address, identifier, realm, port_pair, vendor, coa_port, signing } = nas;
    out.id(*id);
    out.id(*tenant);
    out.text(name.as_str().as_bytes())?;
    match address.addr() {
        IpAddr::V4(address) => {
            out.push(V4);
            out.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            out.push(V6);
            out.extend_from_slice(&address.octets());
        }
    }
    out.push(address.prefix_len());
    out.some_text(identifier.as_deref())?;
    out.some_text(realm.as_deref())?;
    out.option(port_pair.map(|pair| pair.auth().to_le_bytes()));
    out.text(vendor.code().as_bytes())?;
    out.u16(*coa_port);
    out.text(signing.rule.code().as_bytes())?;
    out.instant(signing.raised_at);
    out.text(secret)
}

pub(super) fn read(octets: &mut Octets<'_>) -> Option<(Nas, SecretBytes)> {
    let nas = Nas {
        id: octets.id()?,
        tenant: octets.id()?,
        name: octets.utf8()?.parse().ok()?,
        address: network(octets)?,
        identifier: octets.some_text()?.map(ToOwned::to_owned),
        realm: octets.some_text()?.map(ToOwned::to_owned),
        port_pair: match octets.option()? {
            Some(auth) => Some(PortPair::of_auth(u16::from_le_bytes(auth))?),
            None => None,
        },
        vendor: octets.utf8()?.parse().ok()?,
        coa_port: octets.u16()?,
        signing: Signing { rule: octets.utf8()?.parse().ok()?, raised_at: octets.instant()? },
    };
    Some((nas, SecretBytes::new(octets.text()?.to_vec())))
}

fn network(octets: &mut Octets<'_>) -> Option<IpNet> {
    let address = match octets.u8()? {
        V4 => IpAddr::V4(Ipv4Addr::from_octets(octets.take()?)),
        V6 => IpAddr::V6(Ipv6Addr::from_octets(octets.take()?)),
        _ => return None,
    };
    IpNet::new(address, octets.u8()?).ok()
}
