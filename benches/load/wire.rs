//! Datagrams in batches: one call to the kernel for many.

use std::array;
use std::io::{self, ErrorKind, IoSlice};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, sendmmsg, sendmsg, setsockopt, sockopt};
use radiusd::listen::datagram::Batch;

/// Datagrams in one call.
pub(crate) const BATCH_MAX: usize = 32;

/// The longest datagram that may be one of a train, see [`Outbox::send`].
const CAR_MAX: usize = 1_200;

/// Room for what one call brings.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Batch);

impl Inbox {
    /// Asks the kernel to hand over together what came in a row. One that cannot hands over one by one.
    pub(crate) fn prepare(socket: &UdpSocket) {
        // Nothing is lost without it.
        let _ = setsockopt(socket, sockopt::UdpGroSegment, &true);
    }

    /// Takes what lies in a socket that does not wait. Gives how many messages that was.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        match self.0.receive(socket.as_fd()) {
            Err(why) if why.kind() == ErrorKind::WouldBlock => Ok(0),
            done => done,
        }
    }

    /// The datagrams of the last [`receive`](Self::receive) that brought any.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        self.0.datagrams().map(|datagram| datagram.bytes)
    }
}

/// What the kernel needs to take a batch.
pub(crate) struct Outbox {
    headers: MultiHeaders<()>,
    /// Whether nobody wants trains, or the kernel has refused them.
    goes_singly: bool,
}

impl Outbox {
    pub(crate) fn new(goes_singly: bool) -> Self {
        Self { headers: MultiHeaders::preallocate(BATCH_MAX, None), goes_singly }
    }

    /// Sends the first of these datagrams, at most [`BATCH_MAX`], without waiting. Gives how many the kernel took.
    ///
    /// Those of one length leave as a train, as from our server: one message with the length of its parts, of which the
    /// kernel makes datagrams where they are needed.
    pub(crate) fn send<'b>(
        &mut self,
        socket: &UdpSocket,
        datagrams: impl Iterator<Item = &'b [u8]>,
    ) -> io::Result<usize> {
        let mut slices: [[IoSlice<'_>; 1]; BATCH_MAX] = array::from_fn(|_| [IoSlice::new(&[])]);
        let mut count = 0;
        for (place, datagram) in slices.iter_mut().zip(datagrams) {
            *place = [IoSlice::new(datagram)];
            count += 1;
        }
        let slices = &slices[..count];
        let car = slices.first().map_or(0, |[first]| first.len());
        let train = slices.iter().take_while(|[one]| one.len() == car).count();
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        if train > 1 && car <= CAR_MAX && !self.goes_singly {
            let length = u16::try_from(car).map_err(|_| ErrorKind::InvalidInput)?;
            let lengths = [ControlMessage::UdpGsoSegments(&length)];
            let cars = slices[..train].as_flattened();
            match sendmsg::<SockaddrIn>(socket.as_raw_fd(), cars, &lengths, flags, None) {
                Ok(_) => return Ok(train),
                Err(Errno::EAGAIN | Errno::ENOBUFS) => return Ok(0),
                Err(Errno::EINVAL | Errno::EIO | Errno::ENOPROTOOPT) => self.goes_singly = true,
                Err(why) => return Err(why.into()),
            }
        }
        let nowhere_else = [None::<()>; BATCH_MAX];
        let nothing: [ControlMessage<'_>; 0] = [];
        match sendmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter(), nowhere_else, nothing, flags) {
            Ok(sent) => Ok(sent.count()),
            Err(Errno::EAGAIN | Errno::ENOBUFS) => Ok(0),
            Err(why) => Err(why.into()),
        }
    }
}
