//! E-mail addresses of people who sign in or get mail.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An e-mail address in small letters: 3 to 254 characters of plain ASCII, one `@`, a host with a dot.
///
/// People write capital letters and mean the same address, so it is folded. Whether it exists only a mail can tell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Email(String);

impl Email {
    /// Most characters of an address (RFC 5321 §4.5.3.1.3).
    pub const LENGTH_MAX: usize = 254;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;
    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let folded = text.trim().to_ascii_lowercase();
        let Some((local, host)) = folded.split_once('@') else { return Err(NotAnEmail) };
        let local_is_good = (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_is_good = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let host_is_good = host.contains('.') && host.split('.').all(label_is_good);
        if folded.len() <= Self::LENGTH_MAX && local_is_good && host_is_good {
            Ok(Self(folded))
        } else {
            Err(NotAnEmail)
        }
    }
}

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an e-mail address: write it as anna@example.net")]
pub struct NotAnEmail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_however_it_is_written() {
        for text in ["Anna.Wanjiku@Example.NET", " anna.wanjiku@example.net "] {
            assert_eq!(text.parse::<Email>().map(|email| email.to_string()), Ok("anna.wanjiku@example.net".to_owned()));
        }
    }

    #[test]
    fn what_no_mail_could_reach_is_no_address() {
        let long = format!("{}@example.net", "a".repeat(65));
        for text in [
            "",
            "anna",
            "@",
            "anna@",
            "@example.net",
            "anna@localhost",
            "a b@example.net",
            "a@b@example.net",
            "anna@-example.net",
            "anna@example..net",
            ".anna@example.net",
            "anna@example.net\r\nBcc: x@example.net",
            "\u{e4}nna@example.net",
            &long,
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }
}
