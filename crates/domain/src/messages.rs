//! What is said to people.

pub mod letter;
