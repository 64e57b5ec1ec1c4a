//! Reaches people and partners: letters over SMTP, or into files while no server is set; webhooks over HTTPS.
//!
//! Says what became of one try and never tries again by itself: whoever has the job does.
#![forbid(unsafe_code)]

mod compose;
pub mod files;
pub mod smtp;
pub mod webhooks;
