//! Who is online, on what terms.

mod decisions;
mod facts;
mod known;
mod sessions;
mod slots;
