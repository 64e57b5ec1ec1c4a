//! Routers, as an adapter: what [`ports::router_control`] asks for, over the network.
//!
//! [`coa`] asks by RADIUS (RFC 5176).
#![forbid(unsafe_code)]

pub mod coa;
