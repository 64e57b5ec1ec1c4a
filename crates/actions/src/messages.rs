//! Deeds about what is to be said to people.

pub mod language;
pub mod lost_codes;
pub mod note_ending;
pub mod one_time_code;
pub mod post;
pub mod retry_message;
pub(crate) mod say;
pub mod send_sms;
pub mod settings;
pub mod templates;
pub mod test_messages;
