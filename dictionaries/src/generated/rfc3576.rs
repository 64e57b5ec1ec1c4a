//! RFC 3576: Dynamic Authorization Extensions to RADIUS.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc3576.dict`: edit that instead.

use crate::{Attribute, kind};

pub use super::rfc2865::SERVICE_TYPE;

/// `Error-Cause`, attribute 101 (RFC 3576).
pub const ERROR_CAUSE: Attribute<kind::Integer> = Attribute::new(0, 101, "Error-Cause");

/// Values of `Error-Cause`.
pub mod error_cause {
    /// `Residual-Context-Removed` of `Error-Cause`, 201 (RFC 3576).
    pub const RESIDUAL_CONTEXT_REMOVED: u32 = 201;
    /// `Invalid-EAP-Packet` of `Error-Cause`, 202 (RFC 3576).
    pub const INVALID_EAP_PACKET: u32 = 202;
    /// `Unsupported-Attribute` of `Error-Cause`, 401 (RFC 3576).
    pub const UNSUPPORTED_ATTRIBUTE: u32 = 401;
    /// `Missing-Attribute` of `Error-Cause`, 402 (RFC 3576).
    pub const MISSING_ATTRIBUTE: u32 = 402;
    /// `NAS-Identification-Mismatch` of `Error-Cause`, 403 (RFC 3576).
    pub const NAS_IDENTIFICATION_MISMATCH: u32 = 403;
    /// `Invalid-Request` of `Error-Cause`, 404 (RFC 3576).
    pub const INVALID_REQUEST: u32 = 404;
    /// `Unsupported-Service` of `Error-Cause`, 405 (RFC 3576).
    pub const UNSUPPORTED_SERVICE: u32 = 405;
    /// `Unsupported-Extension` of `Error-Cause`, 406 (RFC 3576).
    pub const UNSUPPORTED_EXTENSION: u32 = 406;
    /// `Administratively-Prohibited` of `Error-Cause`, 501 (RFC 3576).
    pub const ADMINISTRATIVELY_PROHIBITED: u32 = 501;
    /// `Proxy-Request-Not-Routable` of `Error-Cause`, 502 (RFC 3576).
    pub const PROXY_REQUEST_NOT_ROUTABLE: u32 = 502;
    /// `Session-Context-Not-Found` of `Error-Cause`, 503 (RFC 3576).
    pub const SESSION_CONTEXT_NOT_FOUND: u32 = 503;
    /// `Session-Context-Not-Removable` of `Error-Cause`, 504 (RFC 3576).
    pub const SESSION_CONTEXT_NOT_REMOVABLE: u32 = 504;
    /// `Proxy-Processing-Error` of `Error-Cause`, 505 (RFC 3576).
    pub const PROXY_PROCESSING_ERROR: u32 = 505;
    /// `Resources-Unavailable` of `Error-Cause`, 506 (RFC 3576).
    pub const RESOURCES_UNAVAILABLE: u32 = 506;
    /// `Request-Initiated` of `Error-Cause`, 507 (RFC 3576).
    pub const REQUEST_INITIATED: u32 = 507;
}

/// Values of `Service-Type`, those of RFC 2865 included.
pub mod service_type {
    pub use crate::generated::rfc2865::service_type::*;

    /// `Authorize-Only` of `Service-Type`, 17 (RFC 3576).
    pub const AUTHORIZE_ONLY: u32 = 17;
}
