//! Replies that leave together, each from the address that was asked, over `sendmmsg`.
//!
//! Replies to one router that follow each other and are of one length leave as a *train*: one message with the length
//! of its parts (`UDP_SEGMENT`), which the kernel carries in one go and takes apart as late as it can. What arrives are
//! the same datagrams. Where the kernel or the way to the router refuses that, they leave one by one from then on.
#![expect(unsafe_code, reason = "sendmmsg with ancillary data has no safe interface; each block states its proof")]

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::listen::datagram::{Path, octets};

/// Messages given to the kernel in one call.
const MESSAGES_MAX: usize = 32;

/// Datagrams of one train; what Linux has always taken.
const TRAIN_MAX: usize = 64;

/// The longest reply that goes in a train: with its headers it fits the smallest link that IPv6 allows, so no link on
/// the way is too narrow for it.
const CAR_MAX: usize = 1_200;

const CONTROL_MAX: usize = 128;

#[repr(C, align(8))]
struct Control([u8; CONTROL_MAX]);

/// Replies along one path that lie one behind the other and leave in one message.
#[derive(Clone, Debug)]
struct Train {
    octets: Range<usize>,
    /// The length of each but the last, which may be shorter.
    car: usize,
    replies: usize,
    path: Path,
}

impl Train {
    /// Whether a reply of that length may follow. One that is shorter is the last: the router would take the next for
    /// its continuation.
    fn takes(&self, length: usize, path: &Path) -> bool {
        let is_full = self.replies == TRAIN_MAX || self.octets.len() != self.car * self.replies;
        !is_full && (1..=self.car).contains(&length) && self.car <= CAR_MAX && self.path == *path
    }

    /// The same replies, each on its own.
    fn taken_apart(&self) -> impl Iterator<Item = Self> {
        self.octets.clone().step_by(self.car.max(1)).map(|begin| {
            let octets = begin..(begin + self.car).min(self.octets.end);
            Self { car: octets.len(), octets, replies: 1, path: self.path }
        })
    }
}

/// Replies that leave together.
pub struct Outbox {
    octets: Vec<u8>,
    trains: Vec<Train>,
    replies: usize,
    /// Whether trains have been refused: then every reply is one of its own.
    goes_singly: bool,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("waiting", &self.replies).finish_non_exhaustive()
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self { octets: Vec::with_capacity(16 * 1_024), trains: Vec::with_capacity(64), replies: 0, goes_singly: false }
    }
}

impl Outbox {
    /// An outbox for a socket; without trains where the kernel does not know them.
    pub fn of(socket: BorrowedFd<'_>) -> Self {
        Self { goes_singly: !knows_trains(socket), ..Self::default() }
    }

    /// Puts a reply in.
    pub fn put(&mut self, reply: &[u8], path: &Path) {
        let begin = self.octets.len();
        self.octets.extend_from_slice(reply);
        self.replies += 1;
        match self.trains.last_mut() {
            Some(last) if !self.goes_singly && last.takes(reply.len(), path) => {
                last.octets.end = self.octets.len();
                last.replies += 1;
            }
            Some(_) | None => {
                self.trains.push(Train { octets: begin..self.octets.len(), car: reply.len(), replies: 1, path: *path })
            }
        }
    }

    /// How many wait.
    pub const fn len(&self) -> usize {
        self.replies
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.replies == 0
    }

    /// Sends all of them, each from the address that was asked, without waiting: what does not fit the socket's buffer
    /// is lost, and its router asks again. Returns how many were lost.
    pub fn send(&mut self, socket: BorrowedFd<'_>) -> usize {
        let (mut done, mut lost) = (0, 0);
        while done < self.trains.len() {
            match send_some(socket, &self.octets, &self.trains[done..]) {
                Ok(sent) => done += sent,
                Err(why) if self.trains[done].replies > 1 && refuses_trains(&why) => {
                    self.goes_singly = true;
                    self.trains = self.trains[done..].iter().flat_map(Train::taken_apart).collect();
                    done = 0;
                }
                // Perhaps only its router is away. The others are tried.
                Err(_) => {
                    lost += self.trains[done].replies;
                    done += 1;
                }
            }
        }
        self.octets.clear();
        self.trains.clear();
        self.replies = 0;
        lost
    }
}

/// Whether an error says that the kernel, or the device on the way, cannot take trains apart.
fn refuses_trains(why: &io::Error) -> bool {
    matches!(why.raw_os_error(), Some(libc::EINVAL | libc::EIO | libc::EMSGSIZE | libc::ENOPROTOOPT | libc::EOPNOTSUPP))
}

/// Whether the kernel knows trains: one that does not would send them as they are.
fn knows_trains(socket: BorrowedFd<'_>) -> bool {
    let mut value: libc::c_int = 0;
    let mut length = octets(size_of::<libc::c_int>());
    // SAFETY: the kernel writes at most `length` octets to `value`, which is as long and lives through the call.
    let done = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, (&raw mut value).cast(), &raw mut length)
    };
    done == 0
}

/// Gives the kernel the first of these, at most [`MESSAGES_MAX`]. Says how many it took, at least one.
fn send_some(socket: BorrowedFd<'_>, octets_of_all: &[u8], trains: &[Train]) -> io::Result<usize> {
    let mut names: [MaybeUninit<socket2::SockAddr>; MESSAGES_MAX] = [const { MaybeUninit::uninit() }; MESSAGES_MAX];
    let mut controls: [MaybeUninit<Control>; MESSAGES_MAX] = [const { MaybeUninit::uninit() }; MESSAGES_MAX];
    // SAFETY: iovec and mmsghdr are plain C structures for which all zeros is a valid value.
    let mut vectors: [libc::iovec; MESSAGES_MAX] = unsafe { zeroed() };
    // SAFETY: as above.
    let mut headers: [libc::mmsghdr; MESSAGES_MAX] = unsafe { zeroed() };
    let count = trains.len().min(MESSAGES_MAX);
    for (index, train) in trains.iter().take(count).enumerate() {
        let bytes = &octets_of_all[train.octets.clone()];
        let name = names[index].write(address_of(&train.path));
        vectors[index] = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let message = &mut headers[index].msg_hdr;
        message.msg_name = name.as_ptr().cast_mut().cast();
        message.msg_namelen = name.len();
        message.msg_iov = &raw mut vectors[index];
        message.msg_iovlen = 1;
        let mut said = Said::to(message, controls[index].write(Control([0; CONTROL_MAX])));
        said.from(&train.path);
        if train.replies > 1 {
            said.put(libc::SOL_UDP, libc::UDP_SEGMENT, u16::try_from(train.car).unwrap_or(u16::MAX));
        }
    }
    // SAFETY: the first `count` headers were filled above; every pointer in them points to a value of this frame or into
    // `octets_of_all`, as long as said, and all outlive the call; the kernel only reads them.
    let done = unsafe {
        libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), octets(count), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
    };
    match usize::try_from(done) {
        Ok(done) if done > 0 => Ok(done),
        Ok(_) => Err(io::ErrorKind::WouldBlock.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

fn address_of(path: &Path) -> socket2::SockAddr {
    socket2::SockAddr::from(match (path.family_v6, path.peer.ip()) {
        (true, IpAddr::V4(ip)) => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), path.peer.port()),
        _ => path.peer,
    })
}

/// Sends one datagram back along a path, from the address that was asked. Does not wait: a full socket is `WouldBlock`.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], path: &Path) -> io::Result<()> {
    let train = Train { octets: 0..bytes.len(), car: bytes.len(), replies: 1, path: *path };
    send_some(socket, bytes, &[train]).map(drop)
}

/// What is said beside a message's octets.
struct Said<'m> {
    message: &'m mut libc::msghdr,
    used: usize,
}

impl<'m> Said<'m> {
    /// Nothing yet. `control` must live as long as `message` is used.
    fn to(message: &'m mut libc::msghdr, control: &mut Control) -> Self {
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = 0;
        Self { message, used: 0 }
    }

    /// From which of our addresses it is to leave.
    fn from(&mut self, path: &Path) {
        match (path.family_v6, path.local) {
            (false, Some(IpAddr::V4(local))) => {
                // SAFETY: in_pktinfo is a plain C structure for which all zeros is a valid value.
                let mut info: libc::in_pktinfo = unsafe { zeroed() };
                info.ipi_spec_dst.s_addr = u32::from_ne_bytes(local.octets());
                self.put(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            (true, Some(local)) => {
                let local = match local {
                    IpAddr::V6(local) => local,
                    IpAddr::V4(local) => local.to_ipv6_mapped(),
                };
                // SAFETY: as above, for in6_pktinfo.
                let mut info: libc::in6_pktinfo = unsafe { zeroed() };
                info.ipi6_addr.s6_addr = local.octets();
                self.put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
            }
            (false, Some(IpAddr::V6(_)) | None) | (true, None) => {}
        }
    }

    fn put<T>(&mut self, level: i32, kind: i32, value: T) {
        // Twice the largest value, with its header and padding, fits.
        const { assert!(2 * (size_of::<T>() + 32) <= CONTROL_MAX) };
        // SAFETY: CMSG_SPACE and CMSG_LEN only compute.
        let (space, length) = unsafe {
            let size = octets(size_of::<T>());
            (libc::CMSG_SPACE(size) as usize, libc::CMSG_LEN(size))
        };
        assert!(self.used + space <= CONTROL_MAX, "invariant: a message says two things at most");
        // SAFETY: `msg_control` is a `Control`, aligned for cmsghdr and `CONTROL_MAX` octets long; `used` is a sum of
        // CMSG_SPACEs, so it keeps that alignment, and `space` octets from there on lie inside it (asserted above).
        unsafe {
            let header = self.message.msg_control.cast::<u8>().add(self.used).cast::<libc::cmsghdr>();
            (*header).cmsg_level = level;
            (*header).cmsg_type = kind;
            (*header).cmsg_len = length as _;
            libc::CMSG_DATA(header).cast::<T>().write_unaligned(value);
        }
        self.used += space;
        self.message.msg_controllen = self.used as _;
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use super::*;
    use crate::listen::datagram::{Batch, announce_addresses, switch_on};

    /// A server that listens everywhere, and a router that has asked it at 127.0.0.77.
    fn asked() -> (UdpSocket, UdpSocket, Path) {
        let server = UdpSocket::bind("0.0.0.0:0").expect("loopback");
        announce_addresses(server.as_fd(), false).expect("options");
        let router = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        router.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        let port = server.local_addr().expect("bound").port();
        router.send_to(b"hello", ("127.0.0.77", port)).expect("sent");
        let mut batch = Batch::default();
        batch.receive(server.as_fd()).expect("a datagram arrives");
        let path = batch.datagrams().next().expect("one").path;
        (server, router, path)
    }

    fn received(router: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut octets = [0; 4_096];
        let (length, from) = router.recv_from(&mut octets).expect("a reply");
        (octets[..length].to_vec(), from)
    }

    fn replies(lengths: &[usize]) -> Vec<Vec<u8>> {
        lengths.iter().zip(1_u8..).map(|(length, number)| vec![number; *length]).collect()
    }

    #[test]
    fn a_train_arrives_as_the_datagrams_it_was_made_of_and_from_the_address_that_was_asked() {
        let (server, router, path) = asked();
        let sent = replies(&[100, 100, 100, 40, 100, 100, 1_500, 1_500, 7]);
        let mut outbox = Outbox::of(server.as_fd());

        sent.iter().for_each(|reply| outbox.put(reply, &path));
        let trains = outbox.trains.len();

        assert_eq!((outbox.len(), outbox.send(server.as_fd()), outbox.len()), (9, 0, 0));
        assert_eq!(trains, 5, "three and a shorter one, two, and three that are too long or follow one that is");
        for reply in sent {
            let (octets, from) = received(&router);
            assert_eq!(octets, reply);
            assert_eq!(from.ip(), "127.0.0.77".parse::<IpAddr>().expect("good"));
        }
    }

    #[test]
    fn replies_to_different_routers_never_share_a_train() {
        let (server, router, path) = asked();
        let other = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let to_other = Path { peer: other.local_addr().expect("bound"), ..path };
        let mut outbox = Outbox::of(server.as_fd());
        for number in 0..6_u8 {
            outbox.put(&[number; 50], if number % 2 == 0 { &path } else { &to_other });
        }

        assert_eq!((outbox.trains.len(), outbox.send(server.as_fd())), (6, 0));
        for number in [0, 2, 4] {
            assert_eq!(received(&router).0, [number; 50]);
        }
    }

    #[test]
    fn a_train_is_no_longer_than_every_kernel_takes() {
        let (server, router, path) = asked();
        let mut outbox = Outbox::of(server.as_fd());
        for number in 0..150_u8 {
            outbox.put(&[number; 30], &path);
        }

        assert_eq!((outbox.trains.len(), outbox.send(server.as_fd())), (3, 0));
        for number in 0..150 {
            assert_eq!(received(&router).0, [number; 30]);
        }
    }

    #[test]
    fn where_trains_are_refused_replies_leave_one_by_one_from_then_on() {
        let (server, router, path) = asked();
        // The kernel takes no trains of a socket that leaves the checksum out.
        switch_on(server.as_fd(), libc::SOL_SOCKET, libc::SO_NO_CHECK).expect("set");
        let mut outbox = Outbox::of(server.as_fd());
        for number in 0..5_u8 {
            outbox.put(&[number; 30], &path);
        }

        assert_eq!((outbox.trains.len(), outbox.send(server.as_fd())), (1, 0));
        outbox.put(&[5; 30], &path);
        outbox.put(&[6; 30], &path);
        assert_eq!((outbox.trains.len(), outbox.send(server.as_fd())), (2, 0));
        for number in 0..7 {
            assert_eq!(received(&router).0, [number; 30]);
        }
    }
}
