//! Who pays.

pub mod operations;
pub mod subscribers;
