//! Who pays and who uses.

pub mod operation;
pub mod subscriber;
