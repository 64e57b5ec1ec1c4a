//! A socket of a router: 256 identifiers, and the requests that wait under them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Instant;

use anyhow::{Context, bail};
use radius::PACKET_MAX;
use socket2::{Domain, Protocol, Socket, Type};

use crate::story::Story;
use crate::target::Target;

/// Asked of the kernel, so that a loss is the server's and not ours. It may give less.
pub(crate) const BUFFER_BYTES: usize = 4 << 20;

/// A request that waits for its reply.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Distinguishes it from others that had its identifier.
    pub(crate) serial: u64,
    /// What it is about.
    pub(crate) story: Story,
    /// Since when its waiting counts: when it was sent, or was due to be.
    pub(crate) since: Instant,
    /// How often it was sent.
    pub(crate) tries: u8,
    /// The octets that were sent.
    pub(crate) request: Vec<u8>,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Lane {
    socket: UdpSocket,
    waiting: Vec<Option<Waiting>>,
    /// Unused identifiers, the one that has been unused for the longest time first.
    free: VecDeque<u8>,
}

/// What became of an attempt to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Gone,
    /// The kernel has no room at the moment.
    NoRoom,
}

impl Lane {
    pub(crate) fn open(target: Target) -> anyhow::Result<Self> {
        let to = target.address();
        let from = match to {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        };
        let open = || -> io::Result<UdpSocket> {
            let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_recv_buffer_size(BUFFER_BYTES)?;
            socket.set_send_buffer_size(BUFFER_BYTES)?;
            socket.set_nonblocking(true)?;
            socket.bind(&from.into())?;
            socket.connect(&to.into())?;
            Ok(socket.into())
        };
        let socket = open().with_context(|| format!("could not open a socket to {to}"))?;
        Ok(Self { socket, waiting: (0..=u8::MAX).map(|_| None).collect(), free: (0..=u8::MAX).collect() })
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// The identifier that the next request gets; nothing, if all wait.
    pub(crate) fn next_id(&self) -> Option<u8> {
        self.free.front().copied()
    }

    /// Sends a new request under [`Self::next_id`].
    pub(crate) fn send(&mut self, waiting: Waiting) -> anyhow::Result<Sent> {
        let Some(id) = self.next_id() else { return Ok(Sent::NoRoom) };
        let sent = self.put(&waiting.request)?;
        if sent == Sent::Gone {
            self.free.pop_front();
            self.waiting[usize::from(id)] = Some(waiting);
        }
        Ok(sent)
    }

    /// Sends a waiting request once more.
    pub(crate) fn send_again(&mut self, id: u8) -> anyhow::Result<()> {
        if let Some(waiting) = &mut self.waiting[usize::from(id)] {
            waiting.tries += 1;
            // Without room this copy is lost like any other.
            put(&self.socket, &waiting.request)?;
        }
        Ok(())
    }

    fn put(&self, octets: &[u8]) -> anyhow::Result<Sent> {
        put(&self.socket, octets)
    }

    /// The next datagram that lies in the socket.
    pub(crate) fn receive<'b>(&self, buffer: &'b mut [u8; PACKET_MAX]) -> anyhow::Result<Option<&'b [u8]>> {
        match self.socket.recv(buffer) {
            Ok(length) => Ok(buffer.get(..length)),
            Err(why) if why.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(why) => explain(&self.socket, why),
        }
    }

    /// The request that waits under an identifier.
    pub(crate) fn waiting(&self, id: u8) -> Option<&Waiting> {
        self.waiting[usize::from(id)].as_ref()
    }

    /// Ends the wait under an identifier.
    pub(crate) fn take(&mut self, id: u8) -> Option<Waiting> {
        let taken = self.waiting[usize::from(id)].take()?;
        self.free.push_back(id);
        Some(taken)
    }
}

fn put(socket: &UdpSocket, octets: &[u8]) -> anyhow::Result<Sent> {
    match socket.send(octets) {
        Ok(_) => Ok(Sent::Gone),
        Err(why) if why.kind() == ErrorKind::WouldBlock => Ok(Sent::NoRoom),
        Err(why) => explain(socket, why),
    }
}

fn explain<T>(socket: &UdpSocket, why: io::Error) -> anyhow::Result<T> {
    let to = socket.peer_addr()?;
    if why.kind() == ErrorKind::ConnectionRefused {
        bail!("nobody listens at {to}: is the server running, and on that port?");
    }
    Err(why).with_context(|| format!("the socket to {to}"))
}
