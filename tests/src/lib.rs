//! The harness of the tests that need more than values: a database of their own.
//!
//! Run them through `make test`, or any command through `cargo run -p tests --bin with_database -- COMMAND`.

pub mod database;
