//! Those who work for an ISP, and those who buy from it.

mod customers;
mod subscribers;
