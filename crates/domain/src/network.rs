//! Routers, and what else speaks RADIUS to us.

pub mod certificate;
pub mod nas;
pub mod sighting;
