//! The system that many ISPs share.

pub mod tenant;
