//! Routers, and what else speaks RADIUS to us.

pub mod nas;
