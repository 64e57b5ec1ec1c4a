//! WISPr: the Wi-Fi Alliance's best practices for wireless internet service provider roaming.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/wispr.dict`: edit that instead.

use crate::{Attribute, kind};

/// WISPr's private enterprise number.
pub const VENDOR: u32 = 14122;

/// `WISPr-Location-Id`, attribute 1 (WISPr).
pub const LOCATION_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 1, "WISPr-Location-Id");

/// `WISPr-Location-Name`, attribute 2 (WISPr).
pub const LOCATION_NAME: Attribute<kind::Text> = Attribute::new(VENDOR, 2, "WISPr-Location-Name");

/// `WISPr-Logoff-URL`, attribute 3 (WISPr).
pub const LOGOFF_URL: Attribute<kind::Text> = Attribute::new(VENDOR, 3, "WISPr-Logoff-URL");

/// `WISPr-Redirection-URL`, attribute 4 (WISPr).
pub const REDIRECTION_URL: Attribute<kind::Text> = Attribute::new(VENDOR, 4, "WISPr-Redirection-URL");

/// `WISPr-Bandwidth-Min-Up`, attribute 5 (WISPr): bits per second.
pub const BANDWIDTH_MIN_UP: Attribute<kind::Integer> = Attribute::new(VENDOR, 5, "WISPr-Bandwidth-Min-Up");

/// `WISPr-Bandwidth-Min-Down`, attribute 6 (WISPr): bits per second.
pub const BANDWIDTH_MIN_DOWN: Attribute<kind::Integer> = Attribute::new(VENDOR, 6, "WISPr-Bandwidth-Min-Down");

/// `WISPr-Bandwidth-Max-Up`, attribute 7 (WISPr): bits per second.
pub const BANDWIDTH_MAX_UP: Attribute<kind::Integer> = Attribute::new(VENDOR, 7, "WISPr-Bandwidth-Max-Up");

/// `WISPr-Bandwidth-Max-Down`, attribute 8 (WISPr): bits per second.
pub const BANDWIDTH_MAX_DOWN: Attribute<kind::Integer> = Attribute::new(VENDOR, 8, "WISPr-Bandwidth-Max-Down");

/// `WISPr-Session-Terminate-Time`, attribute 9 (WISPr): `YYYY-MM-DDThh:mm:ss+hh:mm`, by the clock of the router.
pub const SESSION_TERMINATE_TIME: Attribute<kind::Text> = Attribute::new(VENDOR, 9, "WISPr-Session-Terminate-Time");

/// `WISPr-Session-Terminate-End-Of-Day`, attribute 10 (WISPr).
pub const SESSION_TERMINATE_END_OF_DAY: Attribute<kind::Text> =
    Attribute::new(VENDOR, 10, "WISPr-Session-Terminate-End-Of-Day");

/// `WISPr-Billing-Class-Of-Service`, attribute 11 (WISPr).
pub const BILLING_CLASS_OF_SERVICE: Attribute<kind::Text> =
    Attribute::new(VENDOR, 11, "WISPr-Billing-Class-Of-Service");
