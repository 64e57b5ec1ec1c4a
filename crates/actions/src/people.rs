//! Deeds about customers, and about the people who serve them.

pub mod add_customers;
pub mod add_subscribers;
pub mod change_customer;
pub mod change_subscriber;
pub mod move_to_plan;
pub mod renew_subscriber;
pub mod suspend;
pub mod suspend_many;

pub mod by;
mod seen;
pub(crate) mod tries;

pub mod change_password;
pub mod change_staff;
pub mod demand_totp;
pub mod end_impersonations;
pub mod end_stays;
pub mod impersonate;
pub mod invite;
pub mod keys;
pub mod reset_password;
pub mod roles;
pub mod sign_in;
pub mod standing;
pub mod totp;
