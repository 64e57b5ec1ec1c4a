//! Who is online, on what terms.

mod boots;
pub(crate) mod decisions;
mod facts;
mod known;
mod sessions;
mod slots;
