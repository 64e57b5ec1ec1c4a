//! Datagrams in batches with the address they were sent to, over `recvmmsg`.
//!
//! A host with several addresses must answer from the one that was asked, or the router ignores the reply: the kernel
//! tells it in `IP_PKTINFO` / `IPV6_PKTINFO`, and `outbox` gives it back when sending. What one sender sends in a row
//! the kernel may hand over as one message with the length of its parts (`UDP_GRO`). No kept crate offers both batches
//! and that, so here is `unsafe`; besides, only `outbox` and `backlog` have some.
#![expect(unsafe_code, reason = "recvmmsg and ancillary data have no safe interface; each block states its proof")]

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Messages taken from the kernel in one call, each a datagram or several of one sender. Larger batches gain under 2 %
/// (measured on loopback).
pub const MESSAGES_MAX: usize = 32;

/// Octets kept of one datagram. A RADIUS packet has at most 4,096 (RFC 2865 §3).
pub const DATAGRAM_MAX: usize = 4_096;

/// Octets of one message: the kernel joins datagrams up to 64 KiB.
const MESSAGE_MAX: usize = 65_536;

/// From one message's room to the next one's: not a power of two, or all would fall into the same lines of the cache.
const STRIDE: usize = MESSAGE_MAX + 13 * 64;

const CONTROL_MAX: usize = 128;

/// Where a datagram came from and which of our addresses it was sent to: the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The sender, with an IPv4 address inside IPv6 shown as IPv4.
    pub peer: SocketAddr,
    /// Our address that was asked; `None` when the kernel did not say.
    pub local: Option<IpAddr>,
    /// Whether the socket is an IPv6 one: it must be answered in its own family.
    pub(super) family_v6: bool,
}

impl Path {
    /// A path for tests and tools that have no ancillary data.
    pub fn of(peer: SocketAddr) -> Self {
        Self { peer, local: None, family_v6: peer.is_ipv6() }
    }
}

/// One datagram of a batch.
#[derive(Debug)]
pub struct Datagram<'a> {
    /// Its octets; empty when it was longer than [`DATAGRAM_MAX`].
    pub bytes: &'a [u8],
    /// The way back.
    pub path: Path,
    /// Whether it was longer than [`DATAGRAM_MAX`].
    pub truncated: bool,
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_MAX]);

/// Room for one batch, used again and again. It is 2 MiB, of which only what was ever written to is taken from the
/// machine: with single datagrams that is 128 KiB.
pub struct Batch {
    octets: Box<[u8]>,
    received: Vec<Piece>,
    /// Datagrams that the kernel threw away on this socket since it was opened, as it last said.
    kernel_drops: u32,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("received", &self.received.len()).finish_non_exhaustive()
    }
}

/// Where a datagram of the batch lies.
struct Piece {
    range: Range<usize>,
    truncated: bool,
    path: Path,
}

/// What the kernel says of one message.
struct Head {
    length: usize,
    /// Octets of each datagram in it, but for the last, which may be shorter; 0 when it is a single one.
    segment: usize,
    truncated: bool,
    path: Option<Path>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            octets: vec![0; STRIDE * MESSAGES_MAX].into_boxed_slice(),
            received: Vec::with_capacity(2 * MESSAGES_MAX),
            kernel_drops: 0,
        }
    }
}

impl Batch {
    /// Waits for a datagram, as long as the socket's own read timeout allows, and takes it with those that wait behind
    /// it, at most [`MESSAGES_MAX`] messages, which is how many it says. None within that time is `WouldBlock`.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.received.clear();
        let mut names = [MaybeUninit::<libc::sockaddr_storage>::uninit(); MESSAGES_MAX];
        let mut controls = [MaybeUninit::<Control>::uninit(); MESSAGES_MAX];
        // SAFETY: iovec and mmsghdr are plain C structures for which all zeros is a valid value.
        let mut vectors: [libc::iovec; MESSAGES_MAX] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; MESSAGES_MAX] = unsafe { zeroed() };
        for (index, (header, room)) in headers.iter_mut().zip(self.octets.chunks_exact_mut(STRIDE)).enumerate() {
            vectors[index] = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: MESSAGE_MAX };
            header.msg_hdr.msg_name = names[index].as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = octets(size_of::<libc::sockaddr_storage>());
            header.msg_hdr.msg_iov = &raw mut vectors[index];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = controls[index].as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = CONTROL_MAX as _;
        }
        // SAFETY: every pointer in `headers` points into an array of this frame or of `self`, each at least as long as
        // said (a room has `STRIDE` octets, more than `MESSAGE_MAX`), and all of them outlive the call. What is not
        // initialised is only written to.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                octets(MESSAGES_MAX),
                libc::MSG_WAITFORONE,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (index, header) in headers.iter().take(count).enumerate() {
            let head = head(header, &mut self.kernel_drops);
            self.take_apart(index * STRIDE, &head);
        }
        Ok(count)
    }

    /// The datagrams of the last [`receive`](Self::receive), in order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.received.iter().filter_map(|piece| {
            let bytes = self.octets.get(piece.range.clone())?;
            Some(Datagram { bytes, path: piece.path, truncated: piece.truncated })
        })
    }

    /// Notes the datagrams of the message that lies at an offset.
    fn take_apart(&mut self, at: usize, head: &Head) {
        let Some(path) = head.path else { return };
        // Of a message that was cut nobody knows where its last datagram ends.
        let length = if head.truncated { 0 } else { head.length.min(MESSAGE_MAX) };
        let segment = if head.segment == 0 { length } else { head.segment };
        let mut from = 0;
        loop {
            let to = (from + segment).min(length);
            let truncated = head.truncated || to - from > DATAGRAM_MAX;
            let range = if truncated { at..at } else { at + from..at + to };
            self.received.push(Piece { range, truncated, path });
            from = to;
            if from == length {
                return;
            }
        }
    }

    /// How many datagrams the kernel has thrown away on this socket because its buffer was full.
    pub const fn kernel_drops(&self) -> u32 {
        self.kernel_drops
    }
}

fn head(header: &libc::mmsghdr, kernel_drops: &mut u32) -> Head {
    let message = &header.msg_hdr;
    let mut local = None;
    let mut segment = 0;
    // SAFETY: the kernel has filled `msg_control` up to `msg_controllen`; CMSG_FIRSTHDR and CMSG_NXTHDR walk it within
    // those bounds and return null at its end. Each payload is read unaligned, and only where its length says that it
    // is there.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(message);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            let has = |size: usize| (*control).cmsg_len as usize >= libc::CMSG_LEN(octets(size)) as usize;
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) if has(size_of::<libc::in_pktinfo>()) => {
                    let info: libc::in_pktinfo = data.cast::<libc::in_pktinfo>().read_unaligned();
                    local = Some(IpAddr::V4(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes())));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if has(size_of::<libc::in6_pktinfo>()) => {
                    let info: libc::in6_pktinfo = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    local = Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                }
                (libc::SOL_UDP, libc::UDP_GRO) if has(size_of::<libc::c_int>()) => {
                    segment = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).unwrap_or(0);
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) if has(size_of::<u32>()) => {
                    *kernel_drops = data.cast::<u32>().read_unaligned();
                }
                _ => {}
            }
            control = libc::CMSG_NXTHDR(message, control);
        }
    }
    Head {
        length: header.msg_len as usize,
        segment,
        truncated: message.msg_flags & libc::MSG_TRUNC != 0,
        path: sender(message).map(|peer| Path {
            peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()),
            local,
            family_v6: peer.is_ipv6(),
        }),
    }
}

fn sender(message: &libc::msghdr) -> Option<SocketAddr> {
    if message.msg_name.is_null() || (message.msg_namelen as usize) < size_of::<libc::sa_family_t>() {
        return None;
    }
    // SAFETY: `msg_name` points to a `sockaddr_storage` of the calling frame, of which the kernel has written
    // `msg_namelen` octets: at least the family, and the whole address of the family it names.
    unsafe {
        match i32::from(*message.msg_name.cast::<libc::sa_family_t>()) {
            libc::AF_INET if message.msg_namelen as usize >= size_of::<libc::sockaddr_in>() => {
                let address = *message.msg_name.cast::<libc::sockaddr_in>();
                let ip = Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(address.sin_port))))
            }
            libc::AF_INET6 if message.msg_namelen as usize >= size_of::<libc::sockaddr_in6>() => {
                let address = *message.msg_name.cast::<libc::sockaddr_in6>();
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                Some(SocketAddr::V6(SocketAddrV6::new(ip, u16::from_be(address.sin6_port), 0, address.sin6_scope_id)))
            }
            _ => None,
        }
    }
}

/// Asks the kernel to say, with each datagram, which address it was sent to and how many it has thrown away, and to hand
/// over together what one sender sent in a row. A kernel that does not know the last goes without.
pub fn announce_addresses(socket: BorrowedFd<'_>, family_v6: bool) -> io::Result<()> {
    let mut options = vec![(libc::SOL_SOCKET, libc::SO_RXQ_OVFL)];
    options.push(if family_v6 {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
    } else {
        (libc::IPPROTO_IP, libc::IP_PKTINFO)
    });
    for (level, option) in options {
        switch_on(socket, level, option)?;
    }
    // Not an error: then datagrams come one by one.
    _ = switch_on(socket, libc::SOL_UDP, libc::UDP_GRO);
    Ok(())
}

pub(super) fn switch_on(socket: BorrowedFd<'_>, level: libc::c_int, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option's value is a c_int of this frame, whose size is given.
    let done = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const on).cast(), octets(size_of::<libc::c_int>()))
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

pub(super) fn octets(size: usize) -> u32 {
    u32::try_from(size).expect("invariant: a C structure's size and a batch's length fit 32 bits")
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;
    use crate::listen::outbox::{Outbox, send};

    fn pair(listen: &str) -> (UdpSocket, UdpSocket) {
        let server = UdpSocket::bind(listen).expect("loopback");
        announce_addresses(server.as_fd(), server.local_addr().expect("bound").is_ipv6()).expect("options");
        server.set_read_timeout(Some(std::time::Duration::from_secs(1))).expect("a timeout");
        let client = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        (server, client)
    }

    fn receive_one(batch: &mut Batch, server: &UdpSocket) -> usize {
        batch.receive(server.as_fd()).expect("a datagram arrives")
    }

    #[test]
    fn a_reply_leaves_from_the_address_that_was_asked() {
        let (server, client) = pair("0.0.0.0:0");
        let port = server.local_addr().expect("bound").port();
        let mut batch = Batch::default();

        client.send_to(b"hello", ("127.0.0.77", port)).expect("sent");
        receive_one(&mut batch, &server);
        let datagram = batch.datagrams().next().expect("one");
        send(server.as_fd(), b"answer", &datagram.path).expect("sent");
        let mut answer = [0; 16];
        let (length, from) = client.recv_from(&mut answer).expect("an answer");

        assert_eq!((&answer[..length], from.ip()), (&b"answer"[..], "127.0.0.77".parse().expect("good")));
    }

    #[test]
    fn a_dual_stack_socket_answers_an_ipv4_client() {
        let (server, client) = pair("[::]:0");
        let port = server.local_addr().expect("bound").port();
        let mut batch = Batch::default();

        client.send_to(b"hello", ("127.0.0.5", port)).expect("sent");
        receive_one(&mut batch, &server);
        let datagram = batch.datagrams().next().expect("one");
        assert!(datagram.path.peer.is_ipv4());
        send(server.as_fd(), b"answer", &datagram.path).expect("sent");
        let mut answer = [0; 16];
        let (_, from) = client.recv_from(&mut answer).expect("an answer");

        assert_eq!(from.ip(), "127.0.0.5".parse::<IpAddr>().expect("good"));
    }

    #[test]
    fn a_datagram_that_is_too_long_is_marked_and_not_read() {
        let (server, client) = pair("127.0.0.1:0");
        let mut batch = Batch::default();

        client.send_to(&[7; DATAGRAM_MAX + 1], server.local_addr().expect("bound")).expect("sent");
        receive_one(&mut batch, &server);
        let datagram = batch.datagrams().next().expect("one");

        assert!(datagram.truncated && datagram.bytes.is_empty());
    }

    #[test]
    fn several_datagrams_come_in_one_batch_in_order() {
        let (server, client) = pair("127.0.0.1:0");
        let to = server.local_addr().expect("bound");
        for number in 0..5_u8 {
            client.send_to(&[number], to).expect("sent");
        }
        let mut batch = Batch::default();

        receive_one(&mut batch, &server);

        let numbers: Vec<_> = batch.datagrams().map(|d| d.bytes[0]).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_one_sender_sends_in_a_row_comes_apart_into_its_datagrams() {
        let (server, client) = pair("127.0.0.1:0");
        let mut outbox = Outbox::of(client.as_fd());
        let to = Path::of(server.local_addr().expect("bound"));
        let sent: Vec<Vec<u8>> =
            [90, 90, 90, 30, 200, 200, 0, 60].iter().map(|length| vec![*length; (*length).into()]).collect();
        sent.iter().for_each(|datagram| outbox.put(datagram, &to));
        assert_eq!(outbox.send(client.as_fd()), 0);
        let (mut batch, mut came) = (Batch::default(), Vec::new());

        while came.len() < sent.len() {
            receive_one(&mut batch, &server);
            came.extend(batch.datagrams().map(|datagram| (datagram.bytes.to_vec(), datagram.path.peer)));
        }

        let from = client.local_addr().expect("bound");
        assert_eq!(came, sent.into_iter().map(|octets| (octets, from)).collect::<Vec<_>>());
    }
}
