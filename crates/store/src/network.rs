//! Routers.

pub mod nas;
