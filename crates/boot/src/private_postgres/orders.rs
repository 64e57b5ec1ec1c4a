//! What the supervising thread is told, and its only way to wait.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// What the owner of a cluster may ask for. Dropping the sender means the same.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Stop the server and end.
    Stop,
}

/// The order to stop has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct StopAsked;

/// The receiving end: tells a pause that passed from one that was cut short.
#[derive(Debug)]
pub(super) struct Inbox {
    receiver: Receiver<Order>,
    stop_asked: Cell<bool>,
}

/// A way to give orders and the place where they arrive.
pub(super) fn channel() -> (Sender<Order>, Inbox) {
    let (sender, receiver) = std::sync::mpsc::channel();
    (sender, Inbox { receiver, stop_asked: Cell::new(false) })
}

impl Inbox {
    /// Waits so long, or until we are asked to stop.
    pub(super) fn pause(&self, length: Duration) -> Result<(), StopAsked> {
        if !self.stop_asked.get() {
            match self.receiver.recv_timeout(length) {
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => self.stop_asked.set(true),
            }
        }
        Err(StopAsked)
    }
}

/// Waits so long, whatever happens: for the end of a stop, which nothing may cut short.
#[expect(clippy::disallowed_methods, reason = "only the supervisor's own thread waits here; no task runs on it")]
pub(super) fn sleep(length: Duration) {
    std::thread::sleep(length);
}
