//! A thread that throws every datagram back: the ceiling of generator, kernel and machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use radius::PACKET_MAX;
use socket2::SockRef;

use crate::lane::BUFFER_BYTES;
use crate::target::Target;

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    target: Target,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Echo {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).context("the echo's socket")?;
        SockRef::from(&socket).set_recv_buffer_size(BUFFER_BYTES)?;
        // So that it looks at `stop` even when nothing comes.
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let target = Target::new(socket.local_addr()?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("echo".to_owned())
            .spawn(move || throw_back(&socket, &told))
            .context("the echo's thread")?;
        Ok(Self { target, stop, thread: Some(thread) })
    }

    pub(crate) fn target(&self) -> Target {
        self.target
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and then it has said so.
            let _ = thread.join();
        }
    }
}

fn throw_back(socket: &UdpSocket, stop: &AtomicBool) {
    let mut buffer = [0; PACKET_MAX];
    while !stop.load(Ordering::Relaxed) {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                // A datagram that cannot be thrown back counts as lost on the other side.
                let _ = socket.send_to(buffer.get(..length).unwrap_or_default(), from);
            }
            Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
}
