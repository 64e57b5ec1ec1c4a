//! Who is online, on what terms.

pub(crate) mod decisions;
mod facts;
mod known;
mod sessions;
mod slots;
