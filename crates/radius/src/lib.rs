//! The RADIUS protocol: bytes to packets and back (RFC 2865, 2866, 2868, 2869, 3579, 5080, 5176, 5997, 6614).
//!
//! Opens no socket, reads no clock, rolls no dice and allocates nothing for a packet: bytes, `now` and random octets
//! come in as parameters, answers go out in the caller's buffer.
//!
//! Read [`packet::Packet`] first, then [`writer::Writer`]. What a request shows of a password is [`proof::Proof`];
//! what makes a packet believable is in [`authenticator`] and [`message_authenticator`].
//!
//! Never knows a tenant, a router or a plan: the words of vendors are in `nas`, the rules in `policy`.
#![forbid(unsafe_code)]

pub mod attributes;
pub mod code;
pub mod packet;
pub mod value;
pub mod writer;

pub mod authenticator;
pub mod message_authenticator;
pub mod secret;

pub mod chap;
pub mod mschap;
pub mod password;
pub mod proof;
pub mod salted;

pub mod dedup;
pub mod exchange;
pub mod radsec;

pub use code::Code;
pub use packet::{HEADER_LENGTH, Malformed, PACKET_MAX, Packet};
pub use proof::Proof;
pub use secret::Secret;
pub use writer::{Place, WriteError, Writer};
