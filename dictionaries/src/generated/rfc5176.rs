//! RFC 5176: Dynamic Authorization Extensions to RADIUS.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc5176.dict`: edit that instead.

pub use super::rfc3576::ERROR_CAUSE;

/// Values of `Error-Cause`, those of RFC 3576 included.
pub mod error_cause {
    pub use crate::generated::rfc3576::error_cause::*;

    /// `Invalid-Attribute-Value` of `Error-Cause`, 407 (RFC 5176).
    pub const INVALID_ATTRIBUTE_VALUE: u32 = 407;
    /// `Multiple-Session-Selection-Unsupported` of `Error-Cause`, 508 (RFC 5176).
    pub const MULTIPLE_SESSION_SELECTION_UNSUPPORTED: u32 = 508;
}
