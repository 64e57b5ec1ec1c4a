//! Deeds about what is to be said to people.

pub mod note_ending;
pub mod post;
