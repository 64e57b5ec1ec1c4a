//! Who pays and who uses, and who works for those who sell.

pub mod customers;
pub mod impersonations;
pub mod keys;
pub mod operations;
pub mod roles;
pub mod sign_ins;
pub mod staff;
pub mod subscribers;
pub mod tokens;
pub mod tries;
