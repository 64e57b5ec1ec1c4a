//! The ISPs themselves.

pub mod tenants;
