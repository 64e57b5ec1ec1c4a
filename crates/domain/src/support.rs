//! What needs a person.

pub mod exception;
