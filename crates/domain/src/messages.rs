//! What is said to people: letters, and text messages to telephones.

pub mod language;
pub mod letter;
pub mod message;
pub mod provider;
pub mod settings;
pub mod template;
