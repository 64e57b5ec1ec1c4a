//! Sockets: datagrams in, replies out. Knows no RADIUS.

pub mod backlog;
pub mod datagram;
pub mod outbox;
pub(crate) mod radsec;
pub mod socket;
pub(crate) mod urgency;
