//! RFC 6911: RADIUS Attributes for IPv6 Access Networks.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc6911.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Framed-IPv6-Address`, attribute 168 (RFC 6911 §3.1).
pub const FRAMED_IPV6_ADDRESS: Attribute<kind::Ipv6> = Attribute::new(0, 168, "Framed-IPv6-Address");

/// `DNS-Server-IPv6-Address`, attribute 169 (RFC 6911 §3.2).
pub const DNS_SERVER_IPV6_ADDRESS: Attribute<kind::Ipv6> = Attribute::new(0, 169, "DNS-Server-IPv6-Address");

/// `Route-IPv6-Information`, attribute 170 (RFC 6911 §3.3).
pub const ROUTE_IPV6_INFORMATION: Attribute<kind::Ipv6Prefix> = Attribute::new(0, 170, "Route-IPv6-Information");

/// `Delegated-IPv6-Prefix-Pool`, attribute 171 (RFC 6911 §3.4).
pub const DELEGATED_IPV6_PREFIX_POOL: Attribute<kind::Text> = Attribute::new(0, 171, "Delegated-IPv6-Prefix-Pool");

/// `Stateful-IPv6-Address-Pool`, attribute 172 (RFC 6911 §3.5).
pub const STATEFUL_IPV6_ADDRESS_POOL: Attribute<kind::Text> = Attribute::new(0, 172, "Stateful-IPv6-Address-Pool");
