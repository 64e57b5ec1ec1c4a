//! RFC 4679: DSL Forum Vendor-Specific RADIUS Attributes.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc4679.dict`: edit that instead.

use crate::{Attribute, kind};

/// ADSL-Forum's private enterprise number.
pub const VENDOR: u32 = 3561;

/// `ADSL-Agent-Circuit-Id`, attribute 1 (RFC 4679 §3.3.1).
pub const ADSL_AGENT_CIRCUIT_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 1, "ADSL-Agent-Circuit-Id");

/// `ADSL-Agent-Remote-Id`, attribute 2 (RFC 4679 §3.3.2).
pub const ADSL_AGENT_REMOTE_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 2, "ADSL-Agent-Remote-Id");
