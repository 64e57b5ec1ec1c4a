//! The words of mnetifi: values and lives, parsed once at a door and then trusted.
//!
//! No I/O, no clock, no randomness, no serialisation: every edge has its own shapes and turns them into these.
//! Start with [`access`] (who is online, on what terms) and [`sales`] (what is sold), then [`refusal`] (every "no" we
//! may say to a person).
#![forbid(unsafe_code)]

pub mod email;
pub mod id;
pub mod mac;
pub mod money;
pub mod phone;
pub mod rate;
pub mod refusal;
pub mod secret;
pub mod text;
pub mod time;

pub mod access;
pub mod messages;
pub mod network;
pub mod people;
pub mod platform;
pub mod sales;
pub mod support;
