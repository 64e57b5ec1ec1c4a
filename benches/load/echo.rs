//! Threads that throw every datagram back: the ceiling of generator, kernel and machine.
//!
//! As many as there are cores, each with a socket of its own, as our server does it and by the server's own code for
//! datagrams: what a server's socket can do, the echo's can.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, available_parallelism};

use anyhow::Context;
use radiusd::listen::datagram::Batch;
use radiusd::listen::socket::RadiusSocket;

use crate::target::Target;

/// The threads; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    target: Target,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Echo {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let threads = available_parallelism().map_or(1, usize::from);
        let sockets = RadiusSocket::bind_several(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), threads)
            .context("the echo's sockets")?;
        let address = sockets.first().context("the echo's first socket")?.address();
        let mut echo = Self { target: Target::new(address)?, stop: Arc::default(), threads: Vec::new() };
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

fn throw_back(socket: &RadiusSocket, stop: &AtomicBool) {
    let (mut batch, mut outbox) = (Batch::default(), socket.outbox());
    while !stop.load(Ordering::Relaxed) {
        // Waits for the first, and takes what lies there besides.
        match socket.receive(&mut batch) {
            Ok(_) => {}
            Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
            Err(_) => return,
        }
        for datagram in batch.datagrams() {
            outbox.put(datagram.bytes, &datagram.path);
        }
        // A datagram that cannot be thrown back counts as lost on the other side.
        let _ = socket.send_all(&mut outbox);
    }
}
