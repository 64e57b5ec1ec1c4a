//! Deeds about routers.

pub mod issue_certificate;
pub mod radsec_authority;
pub mod register_nas;
pub mod revoke_certificates;
