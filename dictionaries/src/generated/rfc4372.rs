//! RFC 4372: Chargeable User Identity.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc4372.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Chargeable-User-Identity`, attribute 89 (RFC 4372 §2.2).
pub const CHARGEABLE_USER_IDENTITY: Attribute<kind::Octets> = Attribute::new(0, 89, "Chargeable-User-Identity");
