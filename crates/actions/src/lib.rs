//! The deeds of mnetifi: one file, one verb, one transaction. Load, decide, write.
//!
//! Never calls the outside world, and never decides: that is `policy`. An error means that nothing was written.
#![forbid(unsafe_code)]

pub mod context;

pub mod access;
pub mod messages;
pub mod money;
pub mod network;
pub mod people;
pub mod platform;
pub mod sales;
pub mod support;
