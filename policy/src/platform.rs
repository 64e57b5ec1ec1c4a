//! Rules of the platform itself: where ISPs stand with it, what they may use, and what is tried again.

pub mod lifecycle;
pub mod retrying;
pub mod subdomains;
pub mod tiers;
