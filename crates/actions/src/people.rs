//! Deeds about customers.

pub mod add_subscribers;
pub mod suspend;
