//! Rules about what is sold.

pub mod codes;
pub mod ending;
