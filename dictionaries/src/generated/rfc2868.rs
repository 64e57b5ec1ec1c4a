//! RFC 2868: RADIUS Attributes for Tunnel Protocol Support.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc2868.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Tunnel-Type`, attribute 64 (RFC 2868 §3.1).
pub const TUNNEL_TYPE: Attribute<kind::TaggedInteger> = Attribute::new(0, 64, "Tunnel-Type");

/// `Tunnel-Medium-Type`, attribute 65 (RFC 2868 §3.2).
pub const TUNNEL_MEDIUM_TYPE: Attribute<kind::TaggedInteger> = Attribute::new(0, 65, "Tunnel-Medium-Type");

/// `Tunnel-Client-Endpoint`, attribute 66 (RFC 2868 §3.3).
pub const TUNNEL_CLIENT_ENDPOINT: Attribute<kind::TaggedText> = Attribute::new(0, 66, "Tunnel-Client-Endpoint");

/// `Tunnel-Server-Endpoint`, attribute 67 (RFC 2868 §3.4).
pub const TUNNEL_SERVER_ENDPOINT: Attribute<kind::TaggedText> = Attribute::new(0, 67, "Tunnel-Server-Endpoint");

/// `Tunnel-Password`, attribute 69 (RFC 2868 §3.5): tag, salt, hidden text.
pub const TUNNEL_PASSWORD: Attribute<kind::Salted> = Attribute::new(0, 69, "Tunnel-Password");

/// `Tunnel-Private-Group-ID`, attribute 81 (RFC 2868 §3.6): a VLAN's number, as text.
pub const TUNNEL_PRIVATE_GROUP_ID: Attribute<kind::TaggedText> = Attribute::new(0, 81, "Tunnel-Private-Group-ID");

/// `Tunnel-Assignment-ID`, attribute 82 (RFC 2868 §3.7).
pub const TUNNEL_ASSIGNMENT_ID: Attribute<kind::TaggedText> = Attribute::new(0, 82, "Tunnel-Assignment-ID");

/// `Tunnel-Preference`, attribute 83 (RFC 2868 §3.8).
pub const TUNNEL_PREFERENCE: Attribute<kind::TaggedInteger> = Attribute::new(0, 83, "Tunnel-Preference");

/// `Tunnel-Client-Auth-ID`, attribute 90 (RFC 2868 §3.9).
pub const TUNNEL_CLIENT_AUTH_ID: Attribute<kind::TaggedText> = Attribute::new(0, 90, "Tunnel-Client-Auth-ID");

/// `Tunnel-Server-Auth-ID`, attribute 91 (RFC 2868 §3.10).
pub const TUNNEL_SERVER_AUTH_ID: Attribute<kind::TaggedText> = Attribute::new(0, 91, "Tunnel-Server-Auth-ID");

/// Values of `Tunnel-Type`.
pub mod tunnel_type {
    /// `PPTP` of `Tunnel-Type`, 1 (RFC 2868).
    pub const PPTP: u32 = 1;
    /// `L2F` of `Tunnel-Type`, 2 (RFC 2868).
    pub const L2F: u32 = 2;
    /// `L2TP` of `Tunnel-Type`, 3 (RFC 2868).
    pub const L2TP: u32 = 3;
    /// `ATMP` of `Tunnel-Type`, 4 (RFC 2868).
    pub const ATMP: u32 = 4;
    /// `VTP` of `Tunnel-Type`, 5 (RFC 2868).
    pub const VTP: u32 = 5;
    /// `AH` of `Tunnel-Type`, 6 (RFC 2868).
    pub const AH: u32 = 6;
    /// `IP-IP` of `Tunnel-Type`, 7 (RFC 2868).
    pub const IP_IP: u32 = 7;
    /// `MIN-IP-IP` of `Tunnel-Type`, 8 (RFC 2868).
    pub const MIN_IP_IP: u32 = 8;
    /// `ESP` of `Tunnel-Type`, 9 (RFC 2868).
    pub const ESP: u32 = 9;
    /// `GRE` of `Tunnel-Type`, 10 (RFC 2868).
    pub const GRE: u32 = 10;
    /// `DVS` of `Tunnel-Type`, 11 (RFC 2868).
    pub const DVS: u32 = 11;
    /// `IP-in-IP` of `Tunnel-Type`, 12 (RFC 2868).
    pub const IP_IN_IP: u32 = 12;
}

/// Values of `Tunnel-Medium-Type`.
pub mod tunnel_medium_type {
    /// `IPv4` of `Tunnel-Medium-Type`, 1 (RFC 2868).
    pub const IPV4: u32 = 1;
    /// `IPv6` of `Tunnel-Medium-Type`, 2 (RFC 2868).
    pub const IPV6: u32 = 2;
    /// `NSAP` of `Tunnel-Medium-Type`, 3 (RFC 2868).
    pub const NSAP: u32 = 3;
    /// `HDLC` of `Tunnel-Medium-Type`, 4 (RFC 2868).
    pub const HDLC: u32 = 4;
    /// `BBN-1822` of `Tunnel-Medium-Type`, 5 (RFC 2868).
    pub const BBN_1822: u32 = 5;
    /// `IEEE-802` of `Tunnel-Medium-Type`, 6 (RFC 2868).
    pub const IEEE_802: u32 = 6;
    /// `E.163` of `Tunnel-Medium-Type`, 7 (RFC 2868).
    pub const E_163: u32 = 7;
    /// `E.164` of `Tunnel-Medium-Type`, 8 (RFC 2868).
    pub const E_164: u32 = 8;
    /// `F.69` of `Tunnel-Medium-Type`, 9 (RFC 2868).
    pub const F_69: u32 = 9;
    /// `X.121` of `Tunnel-Medium-Type`, 10 (RFC 2868).
    pub const X_121: u32 = 10;
    /// `IPX` of `Tunnel-Medium-Type`, 11 (RFC 2868).
    pub const IPX: u32 = 11;
    /// `AppleTalk` of `Tunnel-Medium-Type`, 12 (RFC 2868).
    pub const APPLETALK: u32 = 12;
    /// `DECnet-IV` of `Tunnel-Medium-Type`, 13 (RFC 2868).
    pub const DECNET_IV: u32 = 13;
    /// `Banyan-Vines` of `Tunnel-Medium-Type`, 14 (RFC 2868).
    pub const BANYAN_VINES: u32 = 14;
    /// `E.164-NSAP` of `Tunnel-Medium-Type`, 15 (RFC 2868).
    pub const E_164_NSAP: u32 = 15;
}
