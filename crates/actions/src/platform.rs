//! Deeds about tenants.

pub mod open_tenant;
pub mod retry_job;
pub mod set_house;
pub mod settle_job;
