//! Deeds about tenants.

pub mod account;
pub mod change_keys;
pub mod change_platform_settings;
pub mod change_settings;
pub mod code;
pub mod entitle;
pub mod open_isp;
pub mod open_platform;
pub mod open_tenant;
pub mod places;
pub mod put_tier;
pub mod resend_confirmation;
pub mod retry_job;
pub mod settle_job;
pub mod sign_up;
pub mod sign_up_by_form;
pub mod told;
pub mod verify_email;
pub mod webhooks;
