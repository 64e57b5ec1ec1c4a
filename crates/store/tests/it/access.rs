//! Who is online, on what terms.

mod decisions;
mod facts;
mod sessions;
mod slots;
