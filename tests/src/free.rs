//! Addresses for servers that are started, and started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use anyhow::bail;
use boot::random::OsRandom;
use ports::Random as _;

use crate::dice::Dice;

/// Ports that are tried until enough are free.
const TRIES_MAX: usize = 1_000;

/// Addresses of loopback that nobody has, for datagrams and streams alike. Below those that the kernel gives away, so that nobody is given them between
/// now and the start, nor between two starts.
pub fn free_addresses<const COUNT: usize>() -> anyhow::Result<[SocketAddr; COUNT]> {
    let mut octets = [0; 8];
    OsRandom.fill(&mut octets);
    let mut dice = Dice::seeded(u64::from_le_bytes(octets));
    let (mut held, mut free) = (Vec::new(), Vec::new());
    for _ in 0..TRIES_MAX {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(dice.between(10_000, 32_000))?));
        if let (Ok(stream), Ok(datagrams)) = (TcpListener::bind(address), UdpSocket::bind(address)) {
            held.push((stream, datagrams));
            free.push(address);
        }
        if let Ok(all) = <[SocketAddr; COUNT]>::try_from(free.as_slice()) {
            return Ok(all);
        }
    }
    bail!("no free ports")
}
