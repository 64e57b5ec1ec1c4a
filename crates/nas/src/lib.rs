//! The dialects: packets ↔ domain, per vendor.
//!
//! Inward, [`attempt`](mod@attempt) reads "may it come online?" and [`usage`](mod@usage) what a session used. Outward,
//! [`dialect`] writes a [`Grant`](domain::access::grant::Grant) as the router understands it, and what a person reads
//! on the login page; [`change`](mod@change) asks it to change or to end a live session. Our own key of a session goes out and comes back in [`class`].
//!
//! Never decides who may come online, never checks a password, an authenticator or a tenant.
#![forbid(unsafe_code)]

pub mod attempt;
pub mod change;
pub mod class;
pub mod dialect;
pub mod mikrotik;
pub mod usage;

mod generic;
mod reply_message;
mod service;

pub use attempt::{AttemptError, attempt};
pub use dialect::{bare_message, describe, reply_message, write_grant};
pub use mikrotik::rate_limit::{RateLimitFault, RateLimitText, parse_rate_limit};
pub use usage::{Ignored, Reported, usage};
