//! Rules about money: who is meant, what is proven, what is sold for it, when to look again.
//!
//! Start with [`settlement`] (what is said of a payment, and what becomes of it) and [`identity`] (whether two messages
//! tell of one money).

pub mod day;
pub mod identity;
pub mod matching;
pub mod polling;
pub mod postings;
pub mod remedy;
pub mod settlement;
pub mod setup;
pub mod suggesting;

#[cfg(test)]
mod tests;
