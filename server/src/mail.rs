//! How this installation sends letters.

use std::sync::Arc;

use anyhow::Context as _;
use boot::config::{Config, MailSecurity};
use domain::secret::Secret;
use messaging::files::Files;
use messaging::smtp::{Security, Settings, Smtp};
use ports::Mailer;
use tracing::{info, warn};

/// Whoever sends letters as the configuration says. Must be called inside a tokio runtime.
pub fn mailer(config: &Config) -> anyhow::Result<Arc<dyn Mailer>> {
    let mail = &config.mail;
    let Some(server) = &mail.server else {
        let folder = config.data.join("mail");
        warn!("no mail server is set (mail.host): letters are written to `{}` and reach nobody", folder.display());
        let files = Files::open(&folder, mail.from.clone())
            .with_context(|| format!("`{}` could not be made: letters go there", folder.display()))?;
        return Ok(Arc::new(files));
    };
    let login = match &server.login {
        Some((user, file)) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("could not read `{}` (mail.password_file)", file.display()))?;
            Some((user.clone(), Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())))
        }
        None => None,
    };
    let security = match server.security {
        MailSecurity::StartTls => Security::StartTls,
        MailSecurity::Tls => Security::Tls,
        MailSecurity::None => Security::None,
    };
    if security == Security::None {
        warn!(
            "letters go to {} in the clear (mail.security = \"none\"): only for a server on this machine",
            server.host
        );
    }
    info!("letters are sent through {}:{}", server.host, server.port);
    let settings = Settings { host: server.host.clone(), port: server.port, security, login, from: mail.from.clone() };
    Ok(Arc::new(Smtp::new(settings)?))
}

/// The same in words, and whether letters reach anybody.
pub fn in_words(config: &Config) -> (String, bool) {
    match &config.mail.server {
        Some(server) => (format!("letters are sent through {}:{}", server.host, server.port), true),
        None => {
            let folder = config.data.join("mail");
            let words = format!(
                "no mail server is set, so letters reach nobody: they are written to `{}`; set mail.host and mail.from",
                folder.display()
            );
            (words, false)
        }
    }
}
