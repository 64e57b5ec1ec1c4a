//! Who may do what, how they prove who they are, and how often they may try.

pub mod passwords;
pub mod rights;
pub mod throttle;
