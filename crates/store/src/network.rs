//! Routers, what is seen of them, and the certificates that some of them show.

pub mod certificates;
pub mod nas;
pub mod sightings;
