//! Sockets: datagrams in, replies out. Knows no RADIUS.

pub mod datagram;
pub mod socket;
