//! Datagrams in batches with the address they were sent to, over `recvmmsg` and `sendmmsg`.
//!
//! A host with several addresses must answer from the one that was asked, or the router ignores the reply: the kernel
//! tells it in `IP_PKTINFO` / `IPV6_PKTINFO`, and we give it back when sending. No kept crate offers both batches and
//! that, so here is `unsafe`; besides, only `backlog` has some.
#![expect(unsafe_code, reason = "recvmmsg and ancillary data have no safe interface; each block states its proof")]

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Datagrams taken from the kernel in one call. Larger batches gain under 2 % (measured on loopback).
pub const BATCH_MAX: usize = 64;

/// Octets kept of one datagram. A RADIUS packet has at most 4,096 (RFC 2865 §3).
pub const DATAGRAM_MAX: usize = 4_096;

const CONTROL_MAX: usize = 128;

/// Where a datagram came from and which of our addresses it was sent to: the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The sender, with an IPv4 address inside IPv6 shown as IPv4.
    pub peer: SocketAddr,
    /// Our address that was asked; `None` when the kernel did not say.
    pub local: Option<IpAddr>,
    /// Whether the socket is an IPv6 one: it must be answered in its own family.
    family_v6: bool,
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

/// Room for one batch, used again and again.
pub struct Batch {
    buffers: Box<[[u8; DATAGRAM_MAX]]>,
    received: Vec<Head>,
    /// Datagrams that the kernel threw away on this socket since it was opened, as it last said.
    kernel_drops: u32,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("received", &self.received.len()).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Head {
    length: usize,
    truncated: bool,
    path: Option<Path>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH_MAX].into_boxed_slice(),
            received: Vec::with_capacity(BATCH_MAX),
            kernel_drops: 0,
        }
    }
}

impl Batch {
    /// Waits for a datagram, as long as the socket's own read timeout allows, and takes it with those that wait behind
    /// it, at most [`BATCH_MAX`]. None within that time is `WouldBlock`.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.received.clear();
        let mut names = [MaybeUninit::<libc::sockaddr_storage>::uninit(); BATCH_MAX];
        let mut controls = [Control([0; CONTROL_MAX]); BATCH_MAX];
        // SAFETY: iovec and mmsghdr are plain C structures for which all zeros is a valid value.
        let mut vectors: [libc::iovec; BATCH_MAX] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; BATCH_MAX] = unsafe { zeroed() };
        for (index, header) in headers.iter_mut().enumerate() {
            let buffer = &mut self.buffers[index];
            vectors[index] = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            header.msg_hdr.msg_name = names[index].as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = octets(size_of::<libc::sockaddr_storage>());
            header.msg_hdr.msg_iov = &raw mut vectors[index];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = controls[index].0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = CONTROL_MAX as _;
        }
        // SAFETY: every pointer in `headers` points into an array of this frame or of `self`, each as long as said,
        // and all of them outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                octets(BATCH_MAX),
                libc::MSG_WAITFORONE,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for header in headers.iter().take(count) {
            self.received.push(head(header, &mut self.kernel_drops));
        }
        Ok(count)
    }

    /// The datagrams of the last [`receive`](Self::receive), in order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.received.iter().zip(self.buffers.iter()).filter_map(|(head, buffer)| {
            let length = if head.truncated { 0 } else { head.length };
            Some(Datagram { bytes: buffer.get(..length)?, path: head.path?, truncated: head.truncated })
        })
    }

    /// How many datagrams the kernel has thrown away on this socket because its buffer was full.
    pub const fn kernel_drops(&self) -> u32 {
        self.kernel_drops
    }
}

fn head(header: &libc::mmsghdr, kernel_drops: &mut u32) -> Head {
    let message = &header.msg_hdr;
    let mut local = None;
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

/// Replies that leave together.
pub struct Outbox {
    octets: Vec<u8>,
    waiting: Vec<(std::ops::Range<usize>, Path)>,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self { octets: Vec::with_capacity(BATCH_MAX * 256), waiting: Vec::with_capacity(BATCH_MAX) }
    }
}

impl Outbox {
    /// Puts a reply in.
    pub fn put(&mut self, reply: &[u8], path: &Path) {
        let begin = self.octets.len();
        self.octets.extend_from_slice(reply);
        self.waiting.push((begin..self.octets.len(), *path));
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends all of them, each from the address that was asked, without waiting: what does not fit the socket's buffer
    /// is lost, and its router asks again. Returns how many were lost.
    pub fn send(&mut self, socket: BorrowedFd<'_>) -> usize {
        let lost = self.waiting.chunks(BATCH_MAX).map(|some| send_many(socket, &self.octets, some)).sum();
        self.octets.clear();
        self.waiting.clear();
        lost
    }
}

fn send_many(socket: BorrowedFd<'_>, octets_of_all: &[u8], replies: &[(std::ops::Range<usize>, Path)]) -> usize {
    let mut names: [MaybeUninit<socket2::SockAddr>; BATCH_MAX] = [const { MaybeUninit::uninit() }; BATCH_MAX];
    let mut controls = [Control([0; CONTROL_MAX]); BATCH_MAX];
    // SAFETY: iovec and mmsghdr are plain C structures for which all zeros is a valid value.
    let mut vectors: [libc::iovec; BATCH_MAX] = unsafe { zeroed() };
    // SAFETY: as above.
    let mut headers: [libc::mmsghdr; BATCH_MAX] = unsafe { zeroed() };
    let count = replies.len().min(BATCH_MAX);
    for (index, (range, path)) in replies.iter().take(count).enumerate() {
        let bytes = &octets_of_all[range.clone()];
        let name = names[index].write(address_of(path));
        vectors[index] = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let message = &mut headers[index].msg_hdr;
        message.msg_name = name.as_ptr().cast_mut().cast();
        message.msg_namelen = name.len();
        message.msg_iov = &raw mut vectors[index];
        message.msg_iovlen = 1;
        say_from(message, &mut controls[index], path);
    }
    let (mut sent, mut lost) = (0, 0);
    while sent + lost < count {
        let next = sent + lost;
        // SAFETY: the headers from `next` to `count` were filled above; every pointer in them points to a value of this
        // frame or into `octets_of_all`, as long as said, and all outlive the call; the kernel only reads them.
        let done = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr().add(next),
                octets(count - next),
                libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            )
        };
        match usize::try_from(done) {
            Ok(done) if done > 0 => sent += done,
            // The first of them could not be sent: perhaps only its router is away. The others are tried.
            Ok(_) | Err(_) => lost += 1,
        }
    }
    lost
}

fn address_of(path: &Path) -> socket2::SockAddr {
    socket2::SockAddr::from(match (path.family_v6, path.peer.ip()) {
        (true, IpAddr::V4(ip)) => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), path.peer.port()),
        _ => path.peer,
    })
}

/// Sends one datagram back along a path, from the address that was asked. Does not wait: a full socket is `WouldBlock`.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], path: &Path) -> io::Result<()> {
    let peer = address_of(path);
    let mut control = Control([0; CONTROL_MAX]);
    let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: msghdr is a plain C structure for which all zeros is a valid value.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_name = peer.as_ptr().cast_mut().cast();
    message.msg_namelen = peer.len();
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    say_from(&mut message, &mut control, path);
    // SAFETY: every pointer in `message` points to a value of this frame or to the caller's `bytes`, as long as said;
    // the kernel only reads them.
    let sent =
        unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Tells the kernel from which of our addresses a message is to leave. `control` must live as long as `message`.
fn say_from(message: &mut libc::msghdr, control: &mut Control, path: &Path) {
    match (path.family_v6, path.local) {
        (false, Some(IpAddr::V4(local))) => {
            // SAFETY: in_pktinfo is a plain C structure for which all zeros is a valid value.
            let mut info: libc::in_pktinfo = unsafe { zeroed() };
            info.ipi_spec_dst.s_addr = u32::from_ne_bytes(local.octets());
            put_control(message, control, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        (true, Some(local)) => {
            let local = match local {
                IpAddr::V6(local) => local,
                IpAddr::V4(local) => local.to_ipv6_mapped(),
            };
            // SAFETY: as above, for in6_pktinfo.
            let mut info: libc::in6_pktinfo = unsafe { zeroed() };
            info.ipi6_addr.s6_addr = local.octets();
            put_control(message, control, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
        (false, Some(IpAddr::V6(_)) | None) | (true, None) => {}
    }
}

fn put_control<T>(message: &mut libc::msghdr, control: &mut Control, level: i32, kind: i32, value: T) {
    const { assert!(size_of::<T>() + 32 <= CONTROL_MAX) };
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: the buffer is aligned for cmsghdr and larger than CMSG_SPACE of the value (asserted above), so the first
    // header and its data lie inside it.
    unsafe {
        message.msg_controllen = libc::CMSG_SPACE(octets(size_of::<T>())) as _;
        let header = libc::CMSG_FIRSTHDR(message);
        (*header).cmsg_level = level;
        (*header).cmsg_type = kind;
        (*header).cmsg_len = libc::CMSG_LEN(octets(size_of::<T>())) as _;
        libc::CMSG_DATA(header).cast::<T>().write_unaligned(value);
    }
}

/// Asks the kernel to say, with each datagram, which address it was sent to and how many it has thrown away.
pub fn announce_addresses(socket: BorrowedFd<'_>, family_v6: bool) -> io::Result<()> {
    let mut options = vec![(libc::SOL_SOCKET, libc::SO_RXQ_OVFL)];
    options.push(if family_v6 {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)
    } else {
        (libc::IPPROTO_IP, libc::IP_PKTINFO)
    });
    for (level, option) in options {
        let on: libc::c_int = 1;
        // SAFETY: the option's value is a c_int of this frame, whose size is given.
        let done = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                level,
                option,
                (&raw const on).cast(),
                octets(size_of::<libc::c_int>()),
            )
        };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

fn octets(size: usize) -> u32 {
    u32::try_from(size).expect("invariant: a C structure's size and a batch's length fit 32 bits")
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

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
}
