//! Redback: the option 82 data that RouterOS sends in DHCP requests.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/redback.dict`: edit that instead.

use crate::{Attribute, kind};

/// Redback's private enterprise number.
pub const VENDOR: u32 = 2352;

/// `Redback-Agent-Remote-Id`, attribute 96 (Redback).
pub const AGENT_REMOTE_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 96, "Redback-Agent-Remote-Id");

/// `Redback-Agent-Circuit-Id`, attribute 97 (Redback).
pub const AGENT_CIRCUIT_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 97, "Redback-Agent-Circuit-Id");
