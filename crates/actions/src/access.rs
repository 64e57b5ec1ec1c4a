//! Deeds about who is online.

pub mod admit;
pub mod close_cut;
pub mod close_overdue;
pub mod close_rebooted;
pub mod converge;
pub mod explain;
pub mod record_usage;
pub mod replay;
pub mod save_sessions;
