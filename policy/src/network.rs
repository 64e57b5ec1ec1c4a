//! Rules about routers.

pub mod signing;
pub mod trust;
