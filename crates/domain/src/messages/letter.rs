//! Letters: mail that is to be sent.

use std::fmt;

use crate::email::Email;
use crate::secret::Secret;

/// A letter, ready to be sent.
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// In whose name: the ISP as people say it.
    pub from_name: String,
    /// What it is about, in one line. Never a secret: lists of jobs show it.
    pub subject: String,
    /// What it says, in plain lines. It may hold what lets somebody in.
    pub text: Secret<String>,
}

/// Without the address and the text.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_never_prints_what_it_says_nor_to_whom() {
        let letter = Letter {
            to: "anna@example.net".parse().expect("good"),
            from_name: "Savanna Networks".to_owned(),
            subject: "Choose a new password".to_owned(),
            text: Secret::new("https://example.net/reset#abc".to_owned()),
        };

        assert_eq!(format!("{letter:?}"), "Letter { subject: \"Choose a new password\", .. }");
    }
}
