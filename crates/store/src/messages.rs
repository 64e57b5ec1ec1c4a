//! What is to be said to people.

pub mod languages;
pub mod notices;
pub mod one_time;
pub mod outbox;
pub mod settings;
pub mod templates;
