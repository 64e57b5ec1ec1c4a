//! `[mail]`: how letters are sent.

use std::path::PathBuf;

use domain::email::Email;

use crate::config::reader::Reader;

/// Settings of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server; without one, letters are written to `mail/` in the data directory.
    pub server: Option<MailServer>,
    /// The address that letters come from.
    pub from: Email,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Its name, which its certificate must say, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the talk with it is kept from being read.
    pub security: MailSecurity,
    /// As whom to log in, and the file that holds the password.
    pub login: Option<(String, PathBuf)>,
}

/// How the talk with a mail server is kept from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS after a beginning in the clear: port 587.
    StartTls,
    /// TLS from the first octet: port 465.
    Tls,
    /// In the clear.
    None,
}

/// Where letters come from while no server is set.
const FROM_NOBODY: &str = "no-reply@mnetifi.invalid";

/// Stand-ins fill the places of faults; they are never seen, because faults are.
pub(super) fn read(reader: &mut Reader) -> Mail {
    let host = reader.host_names("mail.host").into_iter().next();
    let port = reader.whole("mail.port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let words = [("starttls", MailSecurity::StartTls), ("tls", MailSecurity::Tls), ("none", MailSecurity::None)];
    let security = reader.choice("mail.security", &words).unwrap_or(MailSecurity::StartTls);
    let user = reader.text("mail.user");
    let password = reader.path("mail.password_file");
    let said = reader.text("mail.from");
    let from = match &said {
        Some(text) => text.parse::<Email>().map_err(|fault| fault.to_string()),
        None if host.is_some() => Err("is missing: name the address that letters come from".to_owned()),
        None => FROM_NOBODY.parse().map_err(|_| "is no address".to_owned()),
    };
    let from = from.map_err(|problem| reader.fault("mail.from", problem)).ok();
    if user.is_some() != password.is_some() {
        let (missing, there) =
            if user.is_some() { ("mail.password_file", "mail.user") } else { ("mail.user", "mail.password_file") };
        reader.fault(missing, format!("is missing, and `{there}` is set: a login needs both"));
    }
    let usual = if security == MailSecurity::Tls { 465 } else { 587 };
    let server = host.map(|host| MailServer { host, port: port.unwrap_or(usual), security, login: user.zip(password) });
    let nobody = || FROM_NOBODY.parse().expect("invariant: an address of ours is good");
    Mail { server, from: from.unwrap_or_else(nobody) }
}
