//! Routers, and the certificates that some of them show.

pub mod certificates;
pub mod nas;
