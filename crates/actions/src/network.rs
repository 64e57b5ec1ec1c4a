//! Deeds about routers.

pub mod register_nas;
