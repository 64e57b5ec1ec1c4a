//! The binary as its operator meets it: started, asked, killed, stopped.
//!
//! Each story has a data directory, a private PostgreSQL and ports of its own.

#![expect(clippy::panic, reason = "a story that cannot go on should stop where it stands")]

mod api;
mod browser;
mod cold_start;
mod commands;
mod demo;
mod failover;
mod faults;
mod hostile;
mod journal;
mod kill;
mod machine;
mod money;
mod radsec;
mod two_nodes;
