//! The rules of mnetifi: pure functions from facts to a verdict that carries its trail.
//!
//! No I/O, no clock, no randomness: whoever calls gives `now` and does what the verdict says.
//! Start with [`access::admission`].
#![forbid(unsafe_code)]

pub mod access;
pub mod messages;
pub mod money;
pub mod network;
pub mod people;
pub mod platform;
pub mod sales;
pub mod trail;
pub mod versions;

/// The version of these rules. Raised whenever the same facts may lead to another verdict, so that a kept decision
/// says under which rules it was made.
pub const VERSION: u16 = 1;
