//! Threads that throw every datagram back: the ceiling of generator, kernel and machine.
//!
//! As many as there are cores, each with a socket of its own, as a server does it, and many datagrams in one call.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use anyhow::Context;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use radius::PACKET_MAX;
use socket2::{Domain, Protocol, Socket, Type};

use crate::lane::BUFFER_BYTES;
use crate::target::Target;
use crate::wire::BATCH_MAX;

/// The threads; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    target: Target,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Echo {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let first = open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).context("the echo's socket")?;
        let address = first.local_addr()?;
        let mut echo = Self { target: Target::new(address)?, stop: Arc::default(), threads: Vec::new() };
        let mut sockets = vec![first];
        for _ in 1..available_parallelism().map_or(1, usize::from) {
            sockets.push(open(address).context("the echo's socket")?);
        }
        for socket in sockets {
            let told = Arc::clone(&echo.stop);
            let thread = std::thread::Builder::new().name("echo".to_owned());
            echo.threads.push(thread.spawn(move || throw_back(&socket, &told)).context("the echo's thread")?);
        }
        Ok(echo)
    }

    pub(crate) fn target(&self) -> Target {
        self.target
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It can only have panicked, and then it has said so.
            let _ = thread.join();
        }
    }
}

fn open(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    // So that it looks at `stop` even when nothing comes.
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn throw_back(socket: &UdpSocket, stop: &AtomicBool) {
    let mut buffers = Box::new([[0; PACKET_MAX]; BATCH_MAX]);
    let mut received_headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH_MAX, None);
    let mut sent_headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH_MAX, None);
    let mut heads: Vec<(usize, Option<SockaddrIn>)> = Vec::with_capacity(BATCH_MAX);
    while !stop.load(Ordering::Relaxed) {
        heads.clear();
        let mut slices = buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        // Waits for the first, and takes what lies there besides.
        let received =
            recvmmsg(socket.as_raw_fd(), &mut received_headers, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None);
        match received {
            Ok(received) => heads.extend(received.map(|datagram| (datagram.bytes, datagram.address))),
            Err(Errno::EAGAIN | Errno::EINTR) => continue,
            Err(_) => return,
        }
        let slices: Vec<[IoSlice<'_>; 1]> =
            buffers.iter().zip(&heads).map(|(buffer, (length, _))| [IoSlice::new(&buffer[..*length])]).collect();
        let addresses: Vec<Option<SockaddrIn>> = heads.iter().map(|(_, from)| *from).collect();
        let nothing: [ControlMessage<'_>; 0] = [];
        // A datagram that cannot be thrown back counts as lost on the other side.
        let _ =
            sendmmsg(socket.as_raw_fd(), &mut sent_headers, slices.iter(), addresses, nothing, MsgFlags::MSG_NOSIGNAL)
                .map(Iterator::count);
    }
}
