//! Deeds about routers.

pub mod change_nas;
pub mod issue_certificate;
pub mod note_sightings;
pub mod radsec_authority;
pub mod register_nas;
pub mod retire_nas;
pub mod revoke_certificates;
