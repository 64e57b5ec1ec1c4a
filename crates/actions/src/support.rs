//! Deeds about what needs a person.

pub mod resolve_exception;
