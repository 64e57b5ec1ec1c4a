//! The binary as its operator meets it: started, asked, killed, stopped.
//!
//! Each story has a data directory, a private PostgreSQL and ports of its own.

mod demo;
mod kill;
mod machine;
