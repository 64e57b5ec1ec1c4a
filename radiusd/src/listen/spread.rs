//! Which of several sockets on one address gets a datagram: told to the kernel, so that all have as much to do.
//!
//! By itself the kernel spreads senders by a hash of address and port, and of few senders one socket often gets twice as
//! many as another. Routers of an ISP have addresses that follow each other, in a tunnel's network or in a rack's, so
//! the address itself spreads them evenly. One sender always reaches the same socket: there its retransmissions are
//! known. Nothing but balance depends on it.
#![expect(unsafe_code, reason = "SO_ATTACH_REUSEPORT_CBPF has no safe interface; the block states its proof")]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Where the header of IP begins, for a program of classic BPF: `SKF_NET_OFF` of `linux/filter.h`.
const HEADER: u32 = 0xfff0_0000;

/// The last four octets of the sender's address, in a header of IPv4 (RFC 791 §3.1) and of IPv6 (RFC 8200 §3).
const SENDER_V4: u32 = HEADER + 12;
const SENDER_V6: u32 = HEADER + 20;

const fn step(code: u32, operand: u32, yes: u8) -> libc::sock_filter {
    // Codes of classic BPF fit 16 bits.
    libc::sock_filter { code: (code & 0xffff) as u16, jt: yes, jf: 0, k: operand }
}

/// Gives sender after sender to the next of `count` sockets, in the order in which they were bound. `socket` is one of
/// them.
pub(super) fn by_address(socket: BorrowedFd<'_>, count: u32) -> io::Result<()> {
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, HEADER, 0),
        step(libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K, 4, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 6, 2),
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, SENDER_V4, 0),
        step(libc::BPF_JMP | libc::BPF_JA, 1, 0),
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, SENDER_V6, 0),
        step(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, count.max(1), 0),
        step(libc::BPF_RET | libc::BPF_A, 0, 0),
    ];
    let program = libc::sock_fprog { len: 8, filter: steps.as_mut_ptr() };
    let length = libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).unwrap_or(0);
    // SAFETY: the kernel copies the program, whose length is that of `steps`, before the call returns; both live through
    // it. It refuses a program that could run for ever or read beyond a packet.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            length,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
