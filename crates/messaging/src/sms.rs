//! Text messages through each ISP's own provider.

use std::time::Duration;

use domain::messages::message::Sms;
use domain::messages::provider::{Provider, Terms, World};
use ports::Messenger;
use ports::messenger::Posting;
use thiserror::Error;

use crate::africas_talking;
use crate::guard::{self, Reach};
use crate::http_provider;

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How providers are spoken to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which addresses an ISP may write down.
    pub reach: Reach,
    /// Where Africa's Talking is, for a simulator: `http://127.0.0.1:40123`. Both of its worlds are there then.
    pub africas_talking: Option<String>,
    /// How long a provider may take to answer.
    pub patience: Duration,
}

impl Settings {
    /// As providers are spoken to that are what they say they are.
    pub fn of(reach: Reach) -> Self {
        Self { reach, africas_talking: None, patience: PATIENCE }
    }
}

/// The client could not be made.
#[derive(Debug, Error)]
#[error("text messages cannot be sent over HTTPS: {0}")]
pub struct NoClient(String);

/// Sends text messages.
#[derive(Debug)]
pub struct Messengers {
    /// For what ISPs have written down.
    guarded: reqwest::Client,
    reach: Reach,
    /// For Africa's Talking, where nobody but the operator says where it is.
    fixed: reqwest::Client,
    africas_talking: Option<String>,
}

impl Messengers {
    /// Gets ready.
    pub fn new(settings: Settings) -> Result<Self, NoClient> {
        let Settings { reach, africas_talking, patience } = settings;
        let of_fixed = if africas_talking.is_some() { Reach::Any } else { Reach::Public };
        Ok(Self {
            guarded: guard::client(reach, patience).map_err(NoClient)?,
            reach,
            fixed: guard::client(of_fixed, patience).map_err(NoClient)?,
            africas_talking,
        })
    }

    fn base(&self, world: World) -> &str {
        match (&self.africas_talking, world) {
            (Some(base), _) => base,
            (None, World::Production) => africas_talking::PRODUCTION,
            (None, World::Sandbox) => africas_talking::SANDBOX,
        }
    }
}

impl Messenger for Messengers {
    fn send<'a>(&'a self, provider: &'a Provider, message: &'a Sms) -> Posting<'a> {
        match &provider.terms {
            Terms::AfricasTalking { username, world } => {
                let base = self.base(*world);
                Box::pin(africas_talking::send(&self.fixed, base, username, provider, message))
            }
            Terms::Http(terms) => Box::pin(http_provider::send(&self.guarded, self.reach, terms, provider, message)),
        }
    }
}
