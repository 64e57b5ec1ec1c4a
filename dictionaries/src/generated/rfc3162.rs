//! RFC 3162: RADIUS and IPv6.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc3162.dict`: edit that instead.

use crate::{Attribute, kind};

/// `NAS-IPv6-Address`, attribute 95 (RFC 3162 §2.1).
pub const NAS_IPV6_ADDRESS: Attribute<kind::Ipv6> = Attribute::new(0, 95, "NAS-IPv6-Address");

/// `Framed-Interface-Id`, attribute 96 (RFC 3162 §2.2).
pub const FRAMED_INTERFACE_ID: Attribute<kind::InterfaceId> = Attribute::new(0, 96, "Framed-Interface-Id");

/// `Framed-IPv6-Prefix`, attribute 97 (RFC 3162 §2.3).
pub const FRAMED_IPV6_PREFIX: Attribute<kind::Ipv6Prefix> = Attribute::new(0, 97, "Framed-IPv6-Prefix");

/// `Login-IPv6-Host`, attribute 98 (RFC 3162 §2.4).
pub const LOGIN_IPV6_HOST: Attribute<kind::Ipv6> = Attribute::new(0, 98, "Login-IPv6-Host");

/// `Framed-IPv6-Route`, attribute 99 (RFC 3162 §2.5).
pub const FRAMED_IPV6_ROUTE: Attribute<kind::Text> = Attribute::new(0, 99, "Framed-IPv6-Route");

/// `Framed-IPv6-Pool`, attribute 100 (RFC 3162 §2.6).
pub const FRAMED_IPV6_POOL: Attribute<kind::Text> = Attribute::new(0, 100, "Framed-IPv6-Pool");
