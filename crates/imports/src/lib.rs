//! Others' exports: files from spreadsheets and other systems → candidates and row errors.
//!
//! Start with [`subscribers_csv`], [`customers_csv`] or [`mpesa_statement`]. Tables of people stream: such a file is never held whole; a statement is. Every
//! loop has a limit.
//!
//! Never writes anything, never knows which plans or subscribers exist: that is checked where the rows are stored.
#![forbid(unsafe_code)]

pub mod customers_csv;
pub mod mpesa_statement;
pub mod subscribers_csv;
pub mod usernames_csv;

mod encoding;
mod rows;
mod workbook;
