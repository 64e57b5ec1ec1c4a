//! Ports of ours that single routers have for themselves, bound beside those of all.
//!
//! One socket each: a router that needs its own ports is one of few behind an address, not a thousand.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use domain::network::nas::PortPair;

use crate::door::Port;
use crate::endpoint::Endpoint;
use crate::listen::socket::RadiusSocket;
use crate::node::Node;
use crate::{RadiusdError, refuse_company};

/// Binds every pair on the addresses that the ports of all are on.
pub(crate) fn bind(node: &Node, endpoints: &mut Vec<Arc<Endpoint>>) -> Result<(), RadiusdError> {
    let settings = &node.settings;
    for pair in &settings.extra_pairs {
        for (port, number, like) in
            [(Port::Auth, pair.auth(), &settings.auth), (Port::Acct, pair.acct(), &settings.acct)]
        {
            let mut hosts: Vec<IpAddr> = like.iter().map(SocketAddr::ip).collect();
            hosts.sort_unstable();
            hosts.dedup();
            for host in hosts {
                endpoints.push(Arc::new(bind_one(node, port, SocketAddr::new(host, number), *pair)?));
            }
        }
    }
    Ok(())
}

fn bind_one(node: &Node, port: Port, address: SocketAddr, pair: PortPair) -> Result<Endpoint, RadiusdError> {
    refuse_company(port, address)?;
    let socket = RadiusSocket::bind(address).map_err(|source| RadiusdError::Binding { port, address, source })?;
    let mut seed = [0; 8];
    node.random.fill(&mut seed);
    Ok(Endpoint::of_pair(socket, port, pair, u64::from_ne_bytes(seed)))
}
