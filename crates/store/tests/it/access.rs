//! Who is online, on what terms.

mod boots;
pub(crate) mod decisions;
mod devices;
mod facts;
mod history;
mod known;
mod sessions;
mod slots;
