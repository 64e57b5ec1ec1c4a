//! Datagrams in batches: one call to the kernel for many.

use std::io::{IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, recvmmsg, sendmmsg};
use radius::PACKET_MAX;

/// Datagrams in one call.
pub(crate) const BATCH_MAX: usize = 32;

/// Room for what one call brings.
pub(crate) struct Inbox {
    buffers: Box<[[u8; PACKET_MAX]; BATCH_MAX]>,
    lengths: Vec<usize>,
    headers: MultiHeaders<()>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            buffers: Box::new([[0; PACKET_MAX]; BATCH_MAX]),
            lengths: Vec::with_capacity(BATCH_MAX),
            headers: MultiHeaders::preallocate(BATCH_MAX, None),
        }
    }

    /// Takes what lies in a socket, without waiting. Gives how many datagrams that was.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> Result<usize, Errno> {
        self.lengths.clear();
        let mut slices = self.buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        match recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
            Ok(received) => self.lengths.extend(received.map(|datagram| datagram.bytes)),
            Err(Errno::EAGAIN) => {}
            Err(why) => return Err(why),
        }
        Ok(self.lengths.len())
    }

    /// The datagrams of the last [`receive`](Self::receive).
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        self.buffers.iter().zip(&self.lengths).filter_map(|(buffer, length)| buffer.get(..*length))
    }
}

/// What the kernel needs to take a batch.
pub(crate) struct Outbox {
    headers: MultiHeaders<()>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self { headers: MultiHeaders::preallocate(BATCH_MAX, None) }
    }

    /// Sends the first of these datagrams, at most [`BATCH_MAX`], without waiting. Gives how many the kernel took.
    pub(crate) fn send<'b>(
        &mut self,
        socket: &UdpSocket,
        datagrams: impl Iterator<Item = &'b [u8]>,
    ) -> Result<usize, Errno> {
        let slices: Vec<[IoSlice<'_>; 1]> =
            datagrams.take(BATCH_MAX).map(|datagram| [IoSlice::new(datagram)]).collect();
        let nowhere_else = [None::<()>; BATCH_MAX];
        let nothing: [ControlMessage<'_>; 0] = [];
        match sendmmsg(
            socket.as_raw_fd(),
            &mut self.headers,
            slices.iter(),
            nowhere_else,
            nothing,
            MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
        ) {
            Ok(sent) => Ok(sent.count()),
            Err(Errno::EAGAIN | Errno::ENOBUFS) => Ok(0),
            Err(why) => Err(why),
        }
    }
}
