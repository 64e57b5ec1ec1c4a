//! Reaches people and partners: letters over SMTP, or into files while no server is set; webhooks and text messages over
//! HTTPS.
//!
//! Says what became of one try and never tries again by itself: whoever has the job does.
#![forbid(unsafe_code)]

mod africas_talking;
mod asking;
mod compose;
pub mod files;
mod guard;
mod http_provider;
pub mod sms;
pub mod smtp;
pub mod webhooks;
