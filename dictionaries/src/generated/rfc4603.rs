//! RFC 4603: Additional Values for the NAS-Port-Type Attribute.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc4603.dict`: edit that instead.

pub use super::rfc2865::NAS_PORT_TYPE;

/// Values of `NAS-Port-Type`, those of RFC 2865 included.
pub mod nas_port_type {
    pub use crate::generated::rfc2865::nas_port_type::*;

    /// `PPPoA` of `NAS-Port-Type`, 30 (RFC 4603).
    pub const PPPOA: u32 = 30;
    /// `PPPoEoA` of `NAS-Port-Type`, 31 (RFC 4603).
    pub const PPPOEOA: u32 = 31;
    /// `PPPoEoE` of `NAS-Port-Type`, 32 (RFC 4603).
    pub const PPPOEOE: u32 = 32;
    /// `PPPoEoVLAN` of `NAS-Port-Type`, 33 (RFC 4603).
    pub const PPPOEOVLAN: u32 = 33;
    /// `PPPoEoQinQ` of `NAS-Port-Type`, 34 (RFC 4603).
    pub const PPPOEOQINQ: u32 = 34;
}
