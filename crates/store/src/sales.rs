//! What is sold.

pub mod batches;
pub mod plans;
pub mod vouchers;
