//! What is to be said to people.

pub mod notices;
