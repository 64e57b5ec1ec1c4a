//! Who pays.

pub mod subscribers;
