//! What all pages share, and what the role is told at the start.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boot::config::Config;
use domain::text::Slug;
use domain::time::Timestamp;
use ipnet::IpNet;
use ports::gateway::Gateway;
use ports::{Clock, Random};
use store::Store;
use web::TlsFiles;
use web::pace::Pace;

use crate::guesses::Guesses;
use crate::meters::Meters;
use crate::words::Words;

/// Connections to the database that the portal may use at once, beside those of other roles.
const CONNECTIONS_MAX: u32 = 8;

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
    /// Who speaks to those who take money; `None` where nobody can pay.
    pub gateway: Option<Arc<dyn Gateway>>,
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
    /// The domain whose subdomains are providers, as `wifi.example`.
    pub domain: Option<String>,
    /// The provider whose pages every other host shows.
    pub tenant: Option<Slug>,
    /// Names under which routers' own login pages are asked, beside private addresses.
    pub router_names: Vec<String>,
    /// Machines that forward requests of others and say truly from where.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that callbacks of gateways come from; with none, any.
    pub callback_sources: Vec<IpNet>,
    /// Other pages that may show the portal in a frame.
    pub framed_by: Vec<String>,
    /// A directory of more languages, `<language>.ftl` each.
    pub words: Option<PathBuf>,
    /// What may be asked.
    pub limits: Limits,
}

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second from one address, in the long run. A whole hotspot may stand behind one address.
    pub per_address: NonZeroU32,
    /// The same at once, after a rest.
    pub burst_of_address: NonZeroU32,
    /// How long a request may take, its body included.
    pub request: Duration,
    /// How long the head of a request may take, and the rest between two of them.
    pub head: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address that is no proxy of ours.
    pub connections_of_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            per_address: number(100),
            burst_of_address: number(400),
            request: Duration::from_secs(20),
            head: Duration::from_secs(20),
            connections: 2_000,
            connections_of_address: 500,
        }
    }
}

impl Limits {
    /// What concerns connections.
    pub(crate) const fn connections(&self) -> web::Limits {
        let Self { head, connections, connections_of_address, .. } = self;
        web::Limits { head: *head, connections: *connections, connections_of_address: *connections_of_address }
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let portal = &config.portal;
        Self {
            listen: portal.listen,
            tls: portal.tls.clone().map(|(certificate, key)| TlsFiles { certificate, key }),
            domain: portal.domain.clone(),
            tenant: portal.tenant.clone(),
            router_names: portal.router_names.clone(),
            trusted_proxies: portal.trusted_proxies.clone(),
            callback_sources: config.mpesa.sources.clone(),
            framed_by: portal.framed_by.clone(),
            words: Some(config.data.join("portal").join("words")),
            limits: Limits::default(),
        }
    }
}

/// What all pages share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    meters: Meters,
    gateway: Option<Arc<dyn Gateway>>,
    frames: Arc<[String]>,
    settings: Settings,
    addresses: Pace<IpAddr>,
    guesses: Guesses,
    words: Words,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Shares out the parts and reads the languages. The database gets connections of its own, so that no flood here
    /// takes those of logins.
    ///
    /// Must be called inside a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, clock, random, meters, gateway, settings } = parts;
        let Limits { per_address, burst_of_address, .. } = settings.limits;
        let addresses = Pace::per_second(per_address, burst_of_address, Arc::clone(&clock));
        let words = Words::with_those_of(settings.words.as_deref());
        let frames = settings.framed_by.as_slice().into();
        let (store, guesses) = (store.apart(CONNECTIONS_MAX), Guesses::default());
        Self(Arc::new(Shared { store, clock, random, meters, gateway, frames, settings, addresses, guesses, words }))
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The dice.
    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.random
    }

    /// What Prometheus is told.
    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// Who speaks to those who take money.
    pub(crate) fn gateway(&self) -> Option<&dyn Gateway> {
        self.0.gateway.as_deref()
    }

    /// Whether anybody can be asked to pay.
    pub(crate) fn sells(&self) -> bool {
        self.0.gateway.is_some()
    }

    /// Other pages that may show these in a frame.
    pub(crate) fn frames(&self) -> Arc<[String]> {
        Arc::clone(&self.0.frames)
    }

    /// Settings of the role.
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// How often an address may ask.
    pub(crate) fn addresses(&self) -> &Pace<IpAddr> {
        &self.0.addresses
    }

    /// Who has guessed how often.
    pub(crate) fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }

    /// The languages.
    pub(crate) fn words(&self) -> &Words {
        &self.0.words
    }
}
