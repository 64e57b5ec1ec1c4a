//! Rules about routers.

pub mod signing;
