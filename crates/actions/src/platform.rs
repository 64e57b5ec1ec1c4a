//! Deeds about tenants.

pub mod open_tenant;
