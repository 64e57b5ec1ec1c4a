//! The ISPs themselves, and the nodes that serve them.

pub mod accounts;
pub mod audit;
pub mod data_keys;
pub mod idempotency;
pub mod jobs;
pub mod leases;
pub mod nodes;
pub mod outages;
pub mod places;
pub mod settings;
pub mod sign_ups;
pub mod tenants;
pub mod tiers;
pub mod webhooks;
