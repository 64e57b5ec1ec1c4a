//! Deeds about customers.

pub mod add_customers;
pub mod add_subscribers;
pub mod change_customer;
pub mod change_subscriber;
pub mod move_to_plan;
pub mod renew_subscriber;
pub mod suspend;
pub mod suspend_many;
