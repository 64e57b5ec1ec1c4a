//! RFC 2866: RADIUS Accounting.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc2866.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Acct-Status-Type`, attribute 40 (RFC 2866 §5.1).
pub const ACCT_STATUS_TYPE: Attribute<kind::Integer> = Attribute::new(0, 40, "Acct-Status-Type");

/// `Acct-Delay-Time`, attribute 41 (RFC 2866 §5.2): seconds the NAS has been trying to send.
pub const ACCT_DELAY_TIME: Attribute<kind::Integer> = Attribute::new(0, 41, "Acct-Delay-Time");

/// `Acct-Input-Octets`, attribute 42 (RFC 2866 §5.3): low 32 bits.
pub const ACCT_INPUT_OCTETS: Attribute<kind::Integer> = Attribute::new(0, 42, "Acct-Input-Octets");

/// `Acct-Output-Octets`, attribute 43 (RFC 2866 §5.4): low 32 bits.
pub const ACCT_OUTPUT_OCTETS: Attribute<kind::Integer> = Attribute::new(0, 43, "Acct-Output-Octets");

/// `Acct-Session-Id`, attribute 44 (RFC 2866 §5.5).
pub const ACCT_SESSION_ID: Attribute<kind::Text> = Attribute::new(0, 44, "Acct-Session-Id");

/// `Acct-Authentic`, attribute 45 (RFC 2866 §5.6).
pub const ACCT_AUTHENTIC: Attribute<kind::Integer> = Attribute::new(0, 45, "Acct-Authentic");

/// `Acct-Session-Time`, attribute 46 (RFC 2866 §5.7): seconds.
pub const ACCT_SESSION_TIME: Attribute<kind::Integer> = Attribute::new(0, 46, "Acct-Session-Time");

/// `Acct-Input-Packets`, attribute 47 (RFC 2866 §5.8).
pub const ACCT_INPUT_PACKETS: Attribute<kind::Integer> = Attribute::new(0, 47, "Acct-Input-Packets");

/// `Acct-Output-Packets`, attribute 48 (RFC 2866 §5.9).
pub const ACCT_OUTPUT_PACKETS: Attribute<kind::Integer> = Attribute::new(0, 48, "Acct-Output-Packets");

/// `Acct-Terminate-Cause`, attribute 49 (RFC 2866 §5.10).
pub const ACCT_TERMINATE_CAUSE: Attribute<kind::Integer> = Attribute::new(0, 49, "Acct-Terminate-Cause");

/// `Acct-Multi-Session-Id`, attribute 50 (RFC 2866 §5.11).
pub const ACCT_MULTI_SESSION_ID: Attribute<kind::Text> = Attribute::new(0, 50, "Acct-Multi-Session-Id");

/// `Acct-Link-Count`, attribute 51 (RFC 2866 §5.12).
pub const ACCT_LINK_COUNT: Attribute<kind::Integer> = Attribute::new(0, 51, "Acct-Link-Count");

/// Values of `Acct-Status-Type`.
pub mod acct_status_type {
    /// `Start` of `Acct-Status-Type`, 1 (RFC 2866).
    pub const START: u32 = 1;
    /// `Stop` of `Acct-Status-Type`, 2 (RFC 2866).
    pub const STOP: u32 = 2;
    /// `Interim-Update` of `Acct-Status-Type`, 3 (RFC 2866).
    pub const INTERIM_UPDATE: u32 = 3;
    /// `Accounting-On` of `Acct-Status-Type`, 7 (RFC 2866).
    pub const ACCOUNTING_ON: u32 = 7;
    /// `Accounting-Off` of `Acct-Status-Type`, 8 (RFC 2866).
    pub const ACCOUNTING_OFF: u32 = 8;
    /// `Tunnel-Start` of `Acct-Status-Type`, 9 (RFC 2866).
    pub const TUNNEL_START: u32 = 9;
    /// `Tunnel-Stop` of `Acct-Status-Type`, 10 (RFC 2866).
    pub const TUNNEL_STOP: u32 = 10;
    /// `Tunnel-Reject` of `Acct-Status-Type`, 11 (RFC 2866).
    pub const TUNNEL_REJECT: u32 = 11;
    /// `Tunnel-Link-Start` of `Acct-Status-Type`, 12 (RFC 2866).
    pub const TUNNEL_LINK_START: u32 = 12;
    /// `Tunnel-Link-Stop` of `Acct-Status-Type`, 13 (RFC 2866).
    pub const TUNNEL_LINK_STOP: u32 = 13;
    /// `Tunnel-Link-Reject` of `Acct-Status-Type`, 14 (RFC 2866).
    pub const TUNNEL_LINK_REJECT: u32 = 14;
    /// `Failed` of `Acct-Status-Type`, 15 (RFC 2866).
    pub const FAILED: u32 = 15;
}

/// Values of `Acct-Authentic`.
pub mod acct_authentic {
    /// `RADIUS` of `Acct-Authentic`, 1 (RFC 2866).
    pub const RADIUS: u32 = 1;
    /// `Local` of `Acct-Authentic`, 2 (RFC 2866).
    pub const LOCAL: u32 = 2;
    /// `Remote` of `Acct-Authentic`, 3 (RFC 2866).
    pub const REMOTE: u32 = 3;
}

/// Values of `Acct-Terminate-Cause`.
pub mod acct_terminate_cause {
    /// `User-Request` of `Acct-Terminate-Cause`, 1 (RFC 2866).
    pub const USER_REQUEST: u32 = 1;
    /// `Lost-Carrier` of `Acct-Terminate-Cause`, 2 (RFC 2866).
    pub const LOST_CARRIER: u32 = 2;
    /// `Lost-Service` of `Acct-Terminate-Cause`, 3 (RFC 2866).
    pub const LOST_SERVICE: u32 = 3;
    /// `Idle-Timeout` of `Acct-Terminate-Cause`, 4 (RFC 2866).
    pub const IDLE_TIMEOUT: u32 = 4;
    /// `Session-Timeout` of `Acct-Terminate-Cause`, 5 (RFC 2866).
    pub const SESSION_TIMEOUT: u32 = 5;
    /// `Admin-Reset` of `Acct-Terminate-Cause`, 6 (RFC 2866).
    pub const ADMIN_RESET: u32 = 6;
    /// `Admin-Reboot` of `Acct-Terminate-Cause`, 7 (RFC 2866).
    pub const ADMIN_REBOOT: u32 = 7;
    /// `Port-Error` of `Acct-Terminate-Cause`, 8 (RFC 2866).
    pub const PORT_ERROR: u32 = 8;
    /// `NAS-Error` of `Acct-Terminate-Cause`, 9 (RFC 2866).
    pub const NAS_ERROR: u32 = 9;
    /// `NAS-Request` of `Acct-Terminate-Cause`, 10 (RFC 2866).
    pub const NAS_REQUEST: u32 = 10;
    /// `NAS-Reboot` of `Acct-Terminate-Cause`, 11 (RFC 2866).
    pub const NAS_REBOOT: u32 = 11;
    /// `Port-Unneeded` of `Acct-Terminate-Cause`, 12 (RFC 2866).
    pub const PORT_UNNEEDED: u32 = 12;
    /// `Port-Preempted` of `Acct-Terminate-Cause`, 13 (RFC 2866).
    pub const PORT_PREEMPTED: u32 = 13;
    /// `Port-Suspended` of `Acct-Terminate-Cause`, 14 (RFC 2866).
    pub const PORT_SUSPENDED: u32 = 14;
    /// `Service-Unavailable` of `Acct-Terminate-Cause`, 15 (RFC 2866).
    pub const SERVICE_UNAVAILABLE: u32 = 15;
    /// `Callback` of `Acct-Terminate-Cause`, 16 (RFC 2866).
    pub const CALLBACK: u32 = 16;
    /// `User-Error` of `Acct-Terminate-Cause`, 17 (RFC 2866).
    pub const USER_ERROR: u32 = 17;
    /// `Host-Request` of `Acct-Terminate-Cause`, 18 (RFC 2866).
    pub const HOST_REQUEST: u32 = 18;
}
