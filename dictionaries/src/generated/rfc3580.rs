//! RFC 3580: IEEE 802.1X RADIUS Usage Guidelines.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc3580.dict`: edit that instead.

pub use super::rfc2865::NAS_PORT_TYPE;
pub use super::rfc2866::ACCT_TERMINATE_CAUSE;
pub use super::rfc2868::TUNNEL_TYPE;

/// Values of `Acct-Terminate-Cause`, those of RFC 2866 included.
pub mod acct_terminate_cause {
    pub use crate::generated::rfc2866::acct_terminate_cause::*;

    /// `Supplicant-Restart` of `Acct-Terminate-Cause`, 19 (RFC 3580).
    pub const SUPPLICANT_RESTART: u32 = 19;
    /// `Reauthentication-Failure` of `Acct-Terminate-Cause`, 20 (RFC 3580).
    pub const REAUTHENTICATION_FAILURE: u32 = 20;
    /// `Port-Reinitialized` of `Acct-Terminate-Cause`, 21 (RFC 3580).
    pub const PORT_REINITIALIZED: u32 = 21;
    /// `Port-Administratively-Disabled` of `Acct-Terminate-Cause`, 22 (RFC 3580).
    pub const PORT_ADMINISTRATIVELY_DISABLED: u32 = 22;
}

/// Values of `Tunnel-Type`, those of RFC 2868 included.
pub mod tunnel_type {
    pub use crate::generated::rfc2868::tunnel_type::*;

    /// `VLAN` of `Tunnel-Type`, 13 (RFC 3580).
    pub const VLAN: u32 = 13;
}

/// Values of `NAS-Port-Type`, those of RFC 2865 included.
pub mod nas_port_type {
    pub use crate::generated::rfc2865::nas_port_type::*;

    /// `Token-Ring` of `NAS-Port-Type`, 20 (RFC 3580).
    pub const TOKEN_RING: u32 = 20;
    /// `FDDI` of `NAS-Port-Type`, 21 (RFC 3580).
    pub const FDDI: u32 = 21;
}
