//! Typed constants, one module per source, and the tables of `lookup`.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text`: edit that instead.

pub mod ascend;
pub mod microsoft;
pub mod mikrotik;
pub mod redback;
pub mod rfc2865;
pub mod rfc2866;
pub mod rfc2868;
pub mod rfc2869;
pub mod rfc3162;
pub mod rfc3576;
pub mod rfc3580;
pub mod rfc4372;
pub mod rfc4603;
pub mod rfc4679;
pub mod rfc4818;
pub mod rfc5176;
pub mod rfc5580;
pub mod rfc6911;
pub mod wispr;

pub(crate) mod table;
