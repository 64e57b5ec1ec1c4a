//! What letters and text messages say, and what becomes of a message that was tried.

pub mod filling;
pub mod json;
pub mod letters;
pub mod one_time;
pub mod parts;
pub mod requests;
pub mod sending;
pub mod templates;
pub mod texts;
pub mod words;
