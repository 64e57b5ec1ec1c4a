//! One UDP socket among several on the same address (`SO_REUSEPORT`), for a thread that waits on it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::listen::backlog::{self, Backlog};
use crate::listen::datagram::{self, Batch, Path};
use crate::listen::outbox::{self, Outbox};

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
    /// Binds one of several sockets on an address. The kernel spreads senders over them by address and port, so a
    /// retransmission reaches the socket that has seen its first copy.
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
