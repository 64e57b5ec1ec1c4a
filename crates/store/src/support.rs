//! What needs a person.

pub mod exceptions;
