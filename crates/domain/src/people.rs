//! Who pays and who uses, and who works for those who sell.

pub mod customer;
pub mod key;
pub mod operation;
pub mod permission;
pub mod role;
pub mod staff;
pub mod subscriber;
