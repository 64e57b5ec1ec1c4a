//! How fast we are: what the benches and the load generator share.
//!
//! `how_fast_we_decode.rs` and `how_fast_we_admit.rs` ask about single steps with criterion; `load/` asks a running
//! server over loopback. Both write their requests with [`request`], as RouterOS would.
//!
//! Never part of the product: no other crate depends on this one.

pub mod allocations;
pub mod request;
pub mod subscriber;
