//! Who pays and who uses.

pub mod subscriber;
