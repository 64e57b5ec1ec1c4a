//! The system that many ISPs share.

pub mod account;
pub mod audit;
pub mod house;
pub mod job;
pub mod life;
pub mod node;
pub mod place;
pub mod settings;
pub mod sign_up;
pub mod tenant;
pub mod tier;
pub mod webhook;
