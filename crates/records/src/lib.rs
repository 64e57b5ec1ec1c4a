//! Decision records as octets: one record, and blocks of many with a filter that says what they may hold.
//!
//! A record is written on the path of every login, so [`encode`] allocates nothing and formats nothing; texts are made
//! when somebody reads them. [`View`] looks at what searches ask about without reading the rest, and [`block`] packs
//! records of one tenant and one day. Every record and every block begins with its version.
//!
//! Never touches a disk, a socket or a database, and never holds a secret.
#![forbid(unsafe_code)]

pub mod block;
pub mod filter;

mod code;
mod decode;
mod encode;
mod view;

pub use encode::{RECORD_MAX, encode};
pub use filter::Mark;
pub use view::{View, all, device_octets};

#[cfg(test)]
mod tests;
