//! RFC 4818: RADIUS Delegated-IPv6-Prefix Attribute.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc4818.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Delegated-IPv6-Prefix`, attribute 123 (RFC 4818 §3).
pub const DELEGATED_IPV6_PREFIX: Attribute<kind::Ipv6Prefix> = Attribute::new(0, 123, "Delegated-IPv6-Prefix");
