//! The system that many ISPs share.

pub mod audit;
pub mod house;
pub mod node;
pub mod tenant;
