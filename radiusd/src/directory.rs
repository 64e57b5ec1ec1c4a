//! What this node knows in memory: the routers that may ask it.

pub mod registry;

pub mod refresh;
