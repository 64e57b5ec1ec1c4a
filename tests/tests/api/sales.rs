//! What is sold.

mod plans;
mod vouchers;
