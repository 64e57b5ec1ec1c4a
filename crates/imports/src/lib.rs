//! Others' exports: files from spreadsheets and other systems → candidates and row errors.
//!
//! Start with [`subscribers_csv`] or [`customers_csv`]. Everything streams: a file is never held whole, and every loop has a limit.
//!
//! Never writes anything, never knows which plans or subscribers exist: that is checked where the rows are stored.
#![forbid(unsafe_code)]

pub mod customers_csv;
pub mod subscribers_csv;
pub mod usernames_csv;

mod encoding;
mod rows;
