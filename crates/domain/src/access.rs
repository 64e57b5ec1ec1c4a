//! Who is online, on what terms.
//!
//! An [`attempt::Attempt`] asks, [`facts::Facts`] are what we know, a [`grant::Grant`] is what the NAS is told, a
//! [`session::Session`] is one stay, [`usage::UsageRecord`] is what the NAS reports of it, and a
//! [`decision::Decision`] remembers why.

pub mod attempt;
pub mod boot;
pub mod device;
pub mod facts;
pub mod grant;
pub mod order;
pub mod session;
pub mod slot;
pub mod told;
pub mod usage;

pub mod decision;
pub mod trail;
