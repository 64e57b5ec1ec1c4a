//! Rules of the platform itself: what is tried again and when.

pub mod retrying;
