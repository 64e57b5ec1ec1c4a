//! Rules about what is sold.

pub mod codes;
