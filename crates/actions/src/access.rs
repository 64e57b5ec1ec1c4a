//! Deeds about who is online.

pub mod admit;
pub mod block_device;
pub mod close_cut;
pub mod close_overdue;
pub mod close_rebooted;
pub mod converge;
pub mod explain;
pub mod keep_sessions;
pub mod name_device;
pub mod record_usage;
pub mod release_device;
pub mod replay;
pub mod roll_usage;
pub mod save_sessions;
