//! What all handlers share, and what the role is told at the start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actions::context::Context;
use boot::config::Config;
use domain::time::Timestamp;
use ipnet::IpNet;
use ports::gateway::Gateways;
use ports::{Clock, Random};
use store::Store;
use tokio_util::sync::CancellationToken;
use web::TlsFiles;

use crate::limits::{Limiter, Limits};
use crate::meters::Meters;

/// Connections to the database that the API may use at once, beside those of other roles.
const CONNECTIONS_MAX: u32 = 12;

/// What the role needs.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub random: Arc<dyn Random>,
    /// What Prometheus is told.
    pub meters: Meters,
    /// Who speaks to gateways, and where these call back; `None` on a server that speaks to none.
    pub gateways: Option<Gateways>,
    /// How the process was set up.
    pub settings: Settings,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Settings of the role.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The files of its certificate; without, it speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The domain whose subdomains are providers, as `isp.example`.
    pub domain: Option<String>,
    /// Machines that forward requests of others and say truly from where.
    pub trusted_proxies: Vec<IpNet>,
    /// What one address, one key and all together may ask.
    pub limits: Limits,
}

impl Settings {
    /// Where the pages of the provider with that subdomain are, or the platform's own; without a slash at the end. Never
    /// a host that a request named.
    pub(crate) fn base_of(&self, slug: Option<&str>) -> String {
        match (&self.domain, slug) {
            (Some(domain), Some(slug)) => format!("https://{slug}.{domain}"),
            (Some(domain), None) => format!("https://{domain}"),
            (None, _) => format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.listen),
        }
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let api = &config.api;
        Self {
            listen: api.listen,
            tls: api.tls.clone().map(|(certificate, key)| TlsFiles { certificate, key }),
            domain: api.domain.clone(),
            trusted_proxies: api.trusted_proxies.clone(),
            limits: Limits::default(),
        }
    }
}

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    meters: Meters,
    gateways: Option<Gateways>,
    settings: Settings,
    limiter: Limiter,
    /// Answers without an end are ended by it.
    stopping: CancellationToken,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Shares out the parts. The database gets connections of its own, so that no flood here takes those of logins.
    ///
    /// Must be called inside a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, clock, random, meters, gateways, settings } = parts;
        let limiter = Limiter::new(&settings.limits, Arc::clone(&clock));
        let (store, stopping) = (store.apart(CONNECTIONS_MAX), CancellationToken::new());
        Self(Arc::new(Shared { store, clock, random, meters, gateways, settings, limiter, stopping }))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The clock and the dice of a deed. Handlers say who acts by [`crate::door::Caller::context`].
    pub(crate) fn context(&self) -> Context<'_> {
        Context::new(&*self.0.clock, &*self.0.random)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The dice.
    pub fn random(&self) -> &dyn Random {
        &*self.0.random
    }

    /// What Prometheus is told.
    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// Settings of the role.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Who speaks to gateways.
    pub(crate) fn gateways(&self) -> Option<&Gateways> {
        self.0.gateways.as_ref()
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Ends answers that have no end of their own.
    pub(crate) fn stop(&self) {
        self.0.stopping.cancel();
    }

    /// Whether the role stops.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// How long a request may take.
    pub(crate) fn patience(&self) -> Duration {
        self.0.settings.limits.request
    }
}
