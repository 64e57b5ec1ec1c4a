//! The ISPs themselves, and the nodes that serve them.

pub mod audit;
pub mod idempotency;
pub mod jobs;
pub mod leases;
pub mod nodes;
pub mod outages;
pub mod tenants;
