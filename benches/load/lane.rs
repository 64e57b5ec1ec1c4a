//! A socket of a router: 256 identifiers, and the requests that wait under them.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Instant;

use anyhow::{Context, anyhow};
use socket2::{Domain, Protocol, Socket, Type};

use crate::generator::Terms;
use crate::story::Story;
use crate::wire::{Inbox, Outbox};

/// Asked of the kernel, so that a loss is the server's and not ours. It may give less.
pub(crate) const BUFFER_BYTES: usize = 4 << 20;

/// A request that waits for its reply.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    /// What it is about.
    pub(crate) story: Story,
    /// Since when its waiting counts: when it was sent, or was due to be.
    pub(crate) since: Instant,
    /// When it has waited long enough.
    pub(crate) due: Instant,
    /// How often it was sent.
    pub(crate) tries: u8,
}

/// One identifier.
#[derive(Debug, Default)]
struct Slot {
    waiting: Option<Waiting>,
    /// The octets that were sent last; the room is used again.
    request: Vec<u8>,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Lane {
    socket: UdpSocket,
    slots: Vec<Slot>,
    /// Unused identifiers, the one that has been unused for the longest time first.
    free: VecDeque<u8>,
    /// Identifiers whose requests the kernel has not been given yet.
    outbox: VecDeque<u8>,
}

impl Lane {
    /// The lane of this number. Towards an IPv4 target each has an address of its own, as routers have.
    pub(crate) fn open(terms: &Terms, number: u8) -> anyhow::Result<Self> {
        let to = terms.target.address();
        let from: IpAddr = match to {
            SocketAddr::V4(_) => Ipv4Addr::new(127, 0, 1, number).into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let open = || -> io::Result<UdpSocket> {
            let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_recv_buffer_size(BUFFER_BYTES)?;
            socket.set_send_buffer_size(BUFFER_BYTES)?;
            socket.set_nonblocking(true)?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
            socket.connect(&to.into())?;
            let socket = UdpSocket::from(socket);
            if !terms.singly {
                Inbox::prepare(&socket);
            }
            Ok(socket)
        };
        let socket = open().with_context(|| format!("could not open a socket to {to}"))?;
        Ok(Self {
            socket,
            slots: (0..=u8::MAX).map(|_| Slot::default()).collect(),
            free: (0..=u8::MAX).collect(),
            outbox: VecDeque::new(),
        })
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// The identifier that the next request gets; nothing, if all wait.
    pub(crate) fn next_id(&self) -> Option<u8> {
        self.free.front().copied()
    }

    /// Puts a new request under [`Self::next_id`]; [`flush`](Self::flush) sends it.
    pub(crate) fn put(&mut self, waiting: Waiting, request: &[u8]) {
        let Some(id) = self.free.pop_front() else { return };
        let slot = &mut self.slots[usize::from(id)];
        slot.waiting = Some(waiting);
        slot.request.clear();
        slot.request.extend_from_slice(request);
        self.outbox.push_back(id);
    }

    /// Gives the kernel what it takes. Says whether that was all.
    pub(crate) fn flush(&mut self, outbox: &mut Outbox) -> anyhow::Result<bool> {
        while !self.outbox.is_empty() {
            let requests = self.outbox.iter().map(|id| &*self.slots[usize::from(*id)].request);
            let taken = outbox.send(&self.socket, requests).map_err(|why| self.explain(why))?;
            if taken == 0 {
                return Ok(false);
            }
            self.outbox.drain(..taken);
        }
        Ok(true)
    }

    /// Sends again, or gives up, what has waited long enough. Tells each story that was given up.
    pub(crate) fn sweep(
        &mut self,
        now: Instant,
        again: impl Fn(&Waiting) -> Option<Instant>,
        mut gone: impl FnMut(Option<Story>),
    ) {
        for id in 0..=u8::MAX {
            let slot = &mut self.slots[usize::from(id)];
            let Some(waiting) = slot.waiting.as_mut().filter(|waiting| waiting.due <= now) else { continue };
            if let Some(due) = again(waiting) {
                waiting.tries += 1;
                waiting.due = due;
                self.outbox.push_back(id);
                gone(None);
            } else {
                let story = waiting.story;
                self.end(id);
                gone(Some(story));
            }
        }
    }

    /// Takes what lies in the socket, one batch of it.
    pub(crate) fn receive(&self, inbox: &mut Inbox) -> anyhow::Result<usize> {
        inbox.receive(&self.socket).map_err(|why| self.explain(why))
    }

    /// The request that waits under an identifier, and its octets.
    pub(crate) fn waiting(&self, id: u8) -> Option<(&Waiting, &[u8])> {
        let slot = &self.slots[usize::from(id)];
        Some((slot.waiting.as_ref()?, &slot.request))
    }

    /// Ends the wait under an identifier.
    pub(crate) fn end(&mut self, id: u8) {
        if self.slots[usize::from(id)].waiting.take().is_some() {
            self.free.push_back(id);
            // Answered before its copy has left.
            self.outbox.retain(|waiting| *waiting != id);
        }
    }

    fn explain(&self, why: io::Error) -> anyhow::Error {
        let to = self.socket.peer_addr().map_or_else(|_| "nobody".to_owned(), |to| to.to_string());
        if why.kind() == io::ErrorKind::ConnectionRefused {
            return anyhow!("nobody listens at {to}: is the server running, and on that port?");
        }
        anyhow!(why).context(format!("the socket to {to}"))
    }
}
