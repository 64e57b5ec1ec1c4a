//! Our rows as files for others: tables for spreadsheets, and vouchers to be printed and cut.
//!
//! Start with [`table`]. Everything is written row by row, so a file of any length takes no more memory than a short
//! one; what a spreadsheet would run as a formula is made a text.
//!
//! Never loads anything, never knows who may have it.
#![forbid(unsafe_code)]

pub mod csv;
pub mod print;
pub mod table;
pub mod xlsx;
