//! One UDP socket among several on the same address (`SO_REUSEPORT`), for a thread that waits on it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tracing::debug;

use crate::listen::backlog::{self, Backlog};
use crate::listen::datagram::{self, Batch, Path};
use crate::listen::outbox::{self, Outbox};
use crate::listen::spread;

/// Octets of kernel buffer asked for: a login storm after a power cut waits there, not on the floor.
const BUFFER_OCTETS: usize = 8 * 1024 * 1024;

/// How long a thread waits on a quiet socket before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// A bound socket that tells where each datagram was sent to.
#[derive(Debug)]
pub struct RadiusSocket {
    socket: UdpSocket,
    address: SocketAddr,
}

impl RadiusSocket {
    /// Binds several sockets on an address, over which senders are spread by their addresses: a retransmission reaches
    /// the socket that has seen its first copy. Port 0 is any port, the same for all of them.
    pub fn bind_several(mut address: SocketAddr, count: usize) -> io::Result<Vec<Self>> {
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            let socket = Self::bind(address)?;
            address = socket.address();
            sockets.push(socket);
        }
        if let (Some(one), Ok(count @ 2..)) = (sockets.first(), u32::try_from(count))
            && let Err(why) = spread::by_address(one.socket.as_fd(), count)
        {
            debug!(%address, "the kernel spreads routers over threads by itself, perhaps unevenly: {why}");
        }
        Ok(sockets)
    }

    /// Binds one socket on an address that others may be bound to as well.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_port(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        if domain == Domain::IPV6 {
            socket.set_only_v6(false)?;
        }
        // The kernel caps these at net.core.rmem_max and wmem_max; less than asked is not an error.
        socket.set_recv_buffer_size(BUFFER_OCTETS)?;
        socket.set_send_buffer_size(BUFFER_OCTETS)?;
        datagram::announce_addresses(socket.as_fd(), domain == Domain::IPV6)?;
        socket.bind(&address.into())?;
        let address = socket.local_addr()?.as_socket().unwrap_or(address);
        Ok(Self { socket: socket.into(), address })
    }

    /// The address it is bound to, with the port that the kernel chose where 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits a moment for datagrams and takes a batch of them; none is `WouldBlock`.
    pub fn receive(&self, batch: &mut Batch) -> io::Result<usize> {
        batch.receive(self.socket.as_fd())
    }

    /// An outbox for replies that leave through it.
    pub fn outbox(&self) -> Outbox {
        Outbox::of(self.socket.as_fd())
    }

    /// Sends replies together. Returns how many did not fit the send buffer.
    pub fn send_all(&self, outbox: &mut Outbox) -> usize {
        outbox.send(self.socket.as_fd())
    }

    /// What waits in its receive buffer.
    pub fn backlog(&self) -> Backlog {
        backlog::backlog(self.socket.as_fd())
    }

    /// Sends a reply without waiting: a full send buffer loses it, and the router asks again.
    pub fn send(&self, bytes: &[u8], path: &Path) -> io::Result<()> {
        outbox::send(self.socket.as_fd(), bytes, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `senders` loopback addresses each of `count` sockets hears of.
    fn heard(listen: &str, senders: &[&str], count: usize) -> Vec<usize> {
        let sockets = RadiusSocket::bind_several(listen.parse().expect("an address"), count).expect("loopback");
        let port = sockets[0].address().port();
        assert!(sockets.iter().all(|socket| socket.address().port() == port), "one address");
        for sender in senders {
            let router = UdpSocket::bind((*sender, 0)).expect("loopback");
            // Copies of a request, as a router sends them again.
            for _ in 0..3 {
                let server = if sender.contains(':') { "::1" } else { "127.0.0.1" };
                router.send_to(b"who is there?", (server, port)).expect("sent");
            }
        }
        let mut batch = Batch::default();
        sockets
            .iter()
            .map(|socket| {
                let mut datagrams = 0;
                while let Ok(taken) = socket.receive(&mut batch) {
                    datagrams += taken;
                }
                datagrams
            })
            .collect()
    }

    #[test]
    fn routers_whose_addresses_follow_each_other_are_spread_evenly() {
        let routers = ["127.0.0.10", "127.0.0.11", "127.0.0.12", "127.0.0.13"];

        assert_eq!(heard("0.0.0.0:0", &routers, 2), [6, 6]);
        assert_eq!(heard("[::]:0", &routers, 2), [6, 6], "as addresses of IPv4 on a socket for both");
        assert_eq!(heard("0.0.0.0:0", &routers, 4), [3, 3, 3, 3]);
    }

    #[test]
    fn one_router_always_reaches_the_same_socket() {
        assert_eq!(heard("[::1]:0", &["::1", "::1", "::1"], 2), [0, 9]);
        assert_eq!(heard("127.0.0.1:0", &["127.0.0.1"], 1), [3]);
    }
}
