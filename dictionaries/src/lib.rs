//! The vocabulary of RADIUS: which attributes exist, what their numbers are and how their values are written.
//!
//! Three ways in:
//! - typed constants, one module per source: [`rfc2865::USER_NAME`], [`mikrotik::RATE_LIMIT`],
//!   [`rfc2866::acct_status_type::START`]. Code that knows what it wants uses these.
//! - [`lookup`]: by name or by vendor and number, for words that arrive at run time (logs, settings, simulators).
//! - [`parse`] and [`generate`]: the texts in `text/*.dict` become `src/generated/*.rs`. Only `make generate` and the
//!   tests call them.
//!
//! To add an attribute: add its line to the text of its source, run `cargo run -p dictionaries --example generate`.
//!
//! Never reads or writes a packet: that is `radius`. Packet codes are not attributes and live there too.

#![forbid(unsafe_code)]

mod attribute;
mod generated;

pub mod generate;
pub mod kind;
pub mod lookup;
pub mod parse;

pub use attribute::Attribute;
pub use generated::*;
pub use kind::Kind;
pub use lookup::{Definition, Value, Vendor};
