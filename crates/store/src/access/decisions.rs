//! The records of answered questions, in blocks of many. Written once, read when somebody asks why, let go of after
//! some days.
//!
//! A block says by its filter what it may hold, so a search opens few of them.

mod joining;
mod saving;
mod searching;

pub use joining::join_small;
pub use saving::{Saved, keep, save, saved};
pub use searching::{DecisionKey, NotADecisionKey, Search, latest, latest_by_trace_of_all, search};
