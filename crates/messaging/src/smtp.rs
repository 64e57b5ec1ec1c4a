//! Letters over SMTP.

use std::time::Duration;

use domain::email::Email;
use domain::id::JobId;
use domain::messages::letter::Letter;
use domain::platform::job::Outcome;
use domain::secret::Secret;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use ports::Mailer;
use ports::mailer::Trying;
use thiserror::Error;

use crate::compose::compose;

/// How long the server may take for one step of the talk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections to the server that are kept.
const CONNECTIONS_MAX: u32 = 4;

/// How the talk with a server is kept from being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// It begins in the clear and must go on over TLS before anything is said: port 587.
    StartTls,
    /// TLS from the first octet: port 465.
    Tls,
    /// In the clear: for a server on this machine alone.
    None,
}

/// A mail server.
#[derive(Debug)]
pub struct Settings {
    /// Its name, which its certificate must say, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the talk is kept from being read.
    pub security: Security,
    /// As whom to log in, if at all.
    pub login: Option<(String, Secret<String>)>,
    /// The address that letters come from.
    pub from: Email,
}

/// The server's name is none that a certificate could say.
#[derive(Debug, Error)]
#[error("`{host}` is no name of a mail server: write it as smtp.example.net")]
pub struct BadHost {
    host: String,
}

/// Sends letters over SMTP.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Email,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Gets ready; connects with the first letter. Must be called inside a tokio runtime.
    pub fn new(settings: Settings) -> Result<Self, BadHost> {
        let Settings { host, port, security, login, from } = settings;
        let bad = |_| BadHost { host: host.clone() };
        let builder = match security {
            Security::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&host).map_err(bad)?,
            Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&host).map_err(bad)?,
            Security::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host),
        };
        let builder = builder
            .port(port)
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(PATIENCE));
        let builder = match login {
            Some((user, password)) => builder.credentials(Credentials::new(user, password.expose().clone())),
            None => builder,
        };
        Ok(Self { transport: builder.build(), from })
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, job: JobId, letter: &'a Letter) -> Trying<'a> {
        Box::pin(async move {
            let message = match compose(&self.from, job, letter) {
                Ok(message) => message,
                Err(why) => return Outcome::Never(why),
            };
            match self.transport.send(message).await {
                Ok(_) => Outcome::Done,
                Err(why) => outcome(&why),
            }
        })
    }
}

/// What a failure means. Only an address that the server does not know is a reason not to try again: a wrong password or
/// a full disk is mended on its side or ours.
fn outcome(why: &smtp::Error) -> Outcome {
    let said = with_causes(why);
    match why.status().map(u16::from) {
        Some(550 | 551 | 553) => Outcome::Never(format!("the mail server does not take that address: {said}")),
        Some(_) => Outcome::Later(format!("the mail server refused it: {said}")),
        None if why.is_timeout() => Outcome::Later("the mail server did not answer in time".to_owned()),
        None => Outcome::Later(format!("the mail server was not reached: {said}")),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        let text = why.to_string();
        if !said.contains(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        cause = why.source();
    }
    said
}
