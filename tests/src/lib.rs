//! The harness of the tests that need more than values: a database of their own.
//!
//! Run them through `make test`, or any command through `cargo run -p tests --bin with_database -- COMMAND`.

pub mod answers;
pub mod api;
pub mod books;
pub mod client;
pub mod crowd;
pub mod database;
pub mod dice;
pub mod duties;
pub mod free;
pub mod furnished;
pub mod gateway;
pub mod hostile;
pub mod line;
pub mod mail;
pub mod node;
pub mod partner;
pub mod portal;
pub mod radsec;
pub mod simulated;
pub mod stopwatch;
pub mod switch;
pub mod texts;
pub mod world;

/// The first page of a list, as long as a page can be.
pub fn first_page<Key>() -> store::Page<Key> {
    store::Page::first(store::Page::<Key>::SIZE_MAX)
}
