//! RFC 2869: RADIUS Extensions.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc2869.dict`: edit that instead.

use crate::{Attribute, kind};

/// `Acct-Input-Gigawords`, attribute 52 (RFC 2869 §5.1): high 32 bits of Acct-Input-Octets.
pub const ACCT_INPUT_GIGAWORDS: Attribute<kind::Integer> = Attribute::new(0, 52, "Acct-Input-Gigawords");

/// `Acct-Output-Gigawords`, attribute 53 (RFC 2869 §5.2): high 32 bits of Acct-Output-Octets.
pub const ACCT_OUTPUT_GIGAWORDS: Attribute<kind::Integer> = Attribute::new(0, 53, "Acct-Output-Gigawords");

/// `Event-Timestamp`, attribute 55 (RFC 2869 §5.3): by the clock of the NAS.
pub const EVENT_TIMESTAMP: Attribute<kind::Date> = Attribute::new(0, 55, "Event-Timestamp");

/// `ARAP-Password`, attribute 70 (RFC 2869 §5.4).
pub const ARAP_PASSWORD: Attribute<kind::Octets> = Attribute::new(0, 70, "ARAP-Password");

/// `ARAP-Features`, attribute 71 (RFC 2869 §5.5).
pub const ARAP_FEATURES: Attribute<kind::Octets> = Attribute::new(0, 71, "ARAP-Features");

/// `ARAP-Zone-Access`, attribute 72 (RFC 2869 §5.6).
pub const ARAP_ZONE_ACCESS: Attribute<kind::Integer> = Attribute::new(0, 72, "ARAP-Zone-Access");

/// `ARAP-Security`, attribute 73 (RFC 2869 §5.7).
pub const ARAP_SECURITY: Attribute<kind::Integer> = Attribute::new(0, 73, "ARAP-Security");

/// `ARAP-Security-Data`, attribute 74 (RFC 2869 §5.8).
pub const ARAP_SECURITY_DATA: Attribute<kind::Octets> = Attribute::new(0, 74, "ARAP-Security-Data");

/// `Password-Retry`, attribute 75 (RFC 2869 §5.9).
pub const PASSWORD_RETRY: Attribute<kind::Integer> = Attribute::new(0, 75, "Password-Retry");

/// `Prompt`, attribute 76 (RFC 2869 §5.10).
pub const PROMPT: Attribute<kind::Integer> = Attribute::new(0, 76, "Prompt");

/// `Connect-Info`, attribute 77 (RFC 2869 §5.11).
pub const CONNECT_INFO: Attribute<kind::Text> = Attribute::new(0, 77, "Connect-Info");

/// `Configuration-Token`, attribute 78 (RFC 2869 §5.12).
pub const CONFIGURATION_TOKEN: Attribute<kind::Text> = Attribute::new(0, 78, "Configuration-Token");

/// `EAP-Message`, attribute 79 (RFC 2869 §5.13): one message may span several.
pub const EAP_MESSAGE: Attribute<kind::Octets> = Attribute::new(0, 79, "EAP-Message");

/// `Message-Authenticator`, attribute 80 (RFC 2869 §5.14): 16 octets of HMAC-MD5 over the packet.
pub const MESSAGE_AUTHENTICATOR: Attribute<kind::Octets> = Attribute::new(0, 80, "Message-Authenticator");

/// `ARAP-Challenge-Response`, attribute 84 (RFC 2869 §5.15).
pub const ARAP_CHALLENGE_RESPONSE: Attribute<kind::Octets> = Attribute::new(0, 84, "ARAP-Challenge-Response");

/// `Acct-Interim-Interval`, attribute 85 (RFC 2869 §5.16): seconds, at least 60.
pub const ACCT_INTERIM_INTERVAL: Attribute<kind::Integer> = Attribute::new(0, 85, "Acct-Interim-Interval");

/// `NAS-Port-Id`, attribute 87 (RFC 2869 §5.17).
pub const NAS_PORT_ID: Attribute<kind::Text> = Attribute::new(0, 87, "NAS-Port-Id");

/// `Framed-Pool`, attribute 88 (RFC 2869 §5.18).
pub const FRAMED_POOL: Attribute<kind::Text> = Attribute::new(0, 88, "Framed-Pool");

/// Values of `ARAP-Zone-Access`.
pub mod arap_zone_access {
    /// `Default-Zone` of `ARAP-Zone-Access`, 1 (RFC 2869).
    pub const DEFAULT_ZONE: u32 = 1;
    /// `Zone-Filter-Inclusive` of `ARAP-Zone-Access`, 2 (RFC 2869).
    pub const ZONE_FILTER_INCLUSIVE: u32 = 2;
    /// `Zone-Filter-Exclusive` of `ARAP-Zone-Access`, 4 (RFC 2869).
    pub const ZONE_FILTER_EXCLUSIVE: u32 = 4;
}

/// Values of `Prompt`.
pub mod prompt {
    /// `No-Echo` of `Prompt`, 0 (RFC 2869).
    pub const NO_ECHO: u32 = 0;
    /// `Echo` of `Prompt`, 1 (RFC 2869).
    pub const ECHO: u32 = 1;
}
