//! Ascend: the rate attributes that RouterOS also reads.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/ascend.dict`: edit that instead.

use crate::{Attribute, kind};

/// Ascend's private enterprise number.
pub const VENDOR: u32 = 529;

/// `Ascend-Client-Gateway`, attribute 132 (Ascend).
pub const CLIENT_GATEWAY: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 132, "Ascend-Client-Gateway");

/// `Ascend-Data-Rate`, attribute 197 (Ascend): bits per second.
pub const DATA_RATE: Attribute<kind::Integer> = Attribute::new(VENDOR, 197, "Ascend-Data-Rate");

/// `Ascend-Xmit-Rate`, attribute 255 (Ascend): bits per second.
pub const XMIT_RATE: Attribute<kind::Integer> = Attribute::new(VENDOR, 255, "Ascend-Xmit-Rate");
