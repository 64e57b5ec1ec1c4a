//! A letter as the octets that mail programs read (RFC 5322).

use domain::email::Email;
use domain::id::JobId;
use domain::messages::letter::Letter;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};

/// Puts it together. The job's id makes its Message-ID, so that a letter that was sent twice is seen as one.
pub(crate) fn compose(from: &Email, job: JobId, letter: &Letter) -> Result<Message, String> {
    let address = |email: &Email| email.as_str().parse().map_err(|_| format!("no mail can be sent to `{email}`"));
    let host = from.as_str().rsplit('@').next().unwrap_or_default();
    Message::builder()
        .message_id(Some(format!("<{job}@{host}>")))
        .from(Mailbox::new(Some(letter.from_name.clone()), address(from)?))
        .to(Mailbox::new(None, address(&letter.to)?))
        .subject(&letter.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.expose().clone())
        .map_err(|why| format!("the letter cannot be put together: {why}"))
}
