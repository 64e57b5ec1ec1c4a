//! Deeds about tenants.

pub mod open_tenant;
pub mod set_house;
