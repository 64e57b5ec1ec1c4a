//! What letters say.

pub mod letters;
