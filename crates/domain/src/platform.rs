//! The system that many ISPs share.

pub mod node;
pub mod tenant;
