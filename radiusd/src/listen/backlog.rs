//! How much waits in a socket's buffer, from the kernel (`SO_MEMINFO`).
#![expect(unsafe_code, reason = "SO_MEMINFO has no safe interface; the block states its proof")]

use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Numbers that the kernel gives, as `linux/sock_diag.h` counts them.
const NUMBERS: usize = 9;
const RMEM_ALLOC: usize = 0;
const RCVBUF: usize = 1;

/// What waits in a receive buffer, with what the kernel spends on keeping it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Backlog {
    /// Octets that wait.
    pub waiting: u32,
    /// Octets that may.
    pub size: u32,
}

/// The backlog of a socket; nothing waits where the kernel does not say.
pub fn backlog(socket: BorrowedFd<'_>) -> Backlog {
    let mut numbers = [0_u32; NUMBERS];
    let mut length = libc::socklen_t::try_from(size_of::<[u32; NUMBERS]>()).unwrap_or(0);
    // SAFETY: the kernel writes at most `length` octets to `numbers`, which is exactly as long and lives through the
    // call; any octets make valid numbers.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            (&raw mut numbers).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Backlog { waiting: numbers[RMEM_ALLOC], size: numbers[RCVBUF] } } else { Backlog::default() }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn what_nobody_has_read_waits() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let empty = backlog(socket.as_fd());
        for _ in 0..10 {
            socket.send_to(&[7; 1_000], socket.local_addr().expect("bound")).expect("sent");
        }
        let full = backlog(socket.as_fd());

        assert_eq!(empty.waiting, 0);
        assert!(full.waiting >= 10_000 && full.size > full.waiting, "{full:?}");
    }
}
