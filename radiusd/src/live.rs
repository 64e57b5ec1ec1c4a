//! What is true at this moment of those who may be online: their places, what they used, their sessions.
//!
//! Kept in memory and written behind. Never decides: places move by the rules of `policy::access::places`, sessions by
//! those of `policy::access::metering`.

pub mod holder;
