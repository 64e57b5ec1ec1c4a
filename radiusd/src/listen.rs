//! Sockets: datagrams in, replies out. Knows no RADIUS.

pub mod backlog;
pub mod datagram;
pub mod outbox;
pub(crate) mod radsec;
pub mod socket;
mod spread;
pub(crate) mod urgency;
