//! RFC 5580: Carrying Location Objects in RADIUS and Diameter.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc5580.dict`: edit that instead.

use crate::{Attribute, kind};

pub use super::rfc3576::ERROR_CAUSE;

/// `Operator-Name`, attribute 126 (RFC 5580 §4.1): a namespace digit, then the name.
pub const OPERATOR_NAME: Attribute<kind::Text> = Attribute::new(0, 126, "Operator-Name");

/// `Location-Information`, attribute 127 (RFC 5580 §4.2).
pub const LOCATION_INFORMATION: Attribute<kind::Octets> = Attribute::new(0, 127, "Location-Information");

/// `Location-Data`, attribute 128 (RFC 5580 §4.3).
pub const LOCATION_DATA: Attribute<kind::Octets> = Attribute::new(0, 128, "Location-Data");

/// `Basic-Location-Policy-Rules`, attribute 129 (RFC 5580 §4.4).
pub const BASIC_LOCATION_POLICY_RULES: Attribute<kind::Octets> = Attribute::new(0, 129, "Basic-Location-Policy-Rules");

/// `Extended-Location-Policy-Rules`, attribute 130 (RFC 5580 §4.5).
pub const EXTENDED_LOCATION_POLICY_RULES: Attribute<kind::Octets> =
    Attribute::new(0, 130, "Extended-Location-Policy-Rules");

/// `Location-Capable`, attribute 131 (RFC 5580 §4.6): bits.
pub const LOCATION_CAPABLE: Attribute<kind::Integer> = Attribute::new(0, 131, "Location-Capable");

/// `Requested-Location-Info`, attribute 132 (RFC 5580 §4.7): bits.
pub const REQUESTED_LOCATION_INFO: Attribute<kind::Integer> = Attribute::new(0, 132, "Requested-Location-Info");

/// Values of `Location-Capable`.
pub mod location_capable {
    /// `Civic-Location` of `Location-Capable`, 1 (RFC 5580).
    pub const CIVIC_LOCATION: u32 = 1;
    /// `Geo-Location` of `Location-Capable`, 2 (RFC 5580).
    pub const GEO_LOCATION: u32 = 2;
    /// `Users-Location` of `Location-Capable`, 4 (RFC 5580).
    pub const USERS_LOCATION: u32 = 4;
    /// `NAS-Location` of `Location-Capable`, 8 (RFC 5580).
    pub const NAS_LOCATION: u32 = 8;
}

/// Values of `Requested-Location-Info`.
pub mod requested_location_info {
    /// `Civic-Location` of `Requested-Location-Info`, 1 (RFC 5580).
    pub const CIVIC_LOCATION: u32 = 1;
    /// `Geo-Location` of `Requested-Location-Info`, 2 (RFC 5580).
    pub const GEO_LOCATION: u32 = 2;
    /// `Users-Location` of `Requested-Location-Info`, 4 (RFC 5580).
    pub const USERS_LOCATION: u32 = 4;
    /// `NAS-Location` of `Requested-Location-Info`, 8 (RFC 5580).
    pub const NAS_LOCATION: u32 = 8;
    /// `Future-Requests` of `Requested-Location-Info`, 16 (RFC 5580).
    pub const FUTURE_REQUESTS: u32 = 16;
    /// `None` of `Requested-Location-Info`, 32 (RFC 5580).
    pub const NONE: u32 = 32;
}

/// Values of `Error-Cause`, those of RFC 3576 included.
pub mod error_cause {
    pub use crate::generated::rfc3576::error_cause::*;

    /// `Location-Info-Required` of `Error-Cause`, 509 (RFC 5580).
    pub const LOCATION_INFO_REQUIRED: u32 = 509;
}
