//! From the configuration to running roles: the only list of them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use boot::clock::SystemClock;
use boot::config::Config;
use boot::health::{Health, State};
use boot::identity::Identity;
use boot::metrics::MetricsListener;
use boot::random::OsRandom;
use boot::shutdown::Shutdown;
use ports::{Clock as _, Random as _};
use prometheus_client::registry::Registry;
use radiusd::directory::snapshot;
use radiusd::door::Port;
use radiusd::meters::Meters;
use radiusd::{Bound, Parts, Settings};
use routers::coa::Coa;
use store::{OpenOptions, Store};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::cli::Role;
use crate::database::{Opening, Opens};
use crate::gateways;
use crate::mail;
use crate::open;
use crate::partners;
use crate::settings;

/// Files that all RadSec connections there may be need, with room for everything else.
const FILES_FOR_RADSEC: u64 = 5_120;

/// How long the database may take before a server starts without it, with what it knew before.
const DATABASE_WITHIN: Duration = Duration::from_secs(5);

/// Whether a server may start while the database is away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Without {
    /// If it remembers its routers and customers.
    Allowed,
    /// It has work to do that needs the database.
    Refused,
}

/// A server that is ready to serve: its sockets are bound, and its database runs or is being waited for.
pub struct Server {
    opening: JoinHandle<Opening>,
    store: Store,
    radius: Option<Bound>,
    worker: Option<worker::Parts<Coa>>,
    api: Option<admin_api::Bound>,
    portal: Option<portal::Bound>,
    metrics: MetricsListener,
    health: Health,
}

impl Server {
    /// Gets at the database, brings it to this version's form, and binds every socket. Nothing is answered yet.
    pub async fn start(
        config: &Config,
        roles: &[Role],
        without: Without,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let may_remember = without == Without::Allowed && roles.contains(&Role::Radius);
        let stop = shutdown.child_token();
        let (store, identity, opening) = open(config, may_remember, &stop).await?;
        match Self::bind(config, roles, store.clone(), identity).await {
            Ok(Parted { radius, worker, api, portal, metrics, health }) => {
                Ok(Self { opening, store, radius, worker, api, portal, metrics, health })
            }
            Err(error) => {
                stop.cancel();
                opening.await?.close().await?;
                Err(error)
            }
        }
    }

    async fn bind(config: &Config, roles: &[Role], store: Store, identity: Identity) -> anyhow::Result<Parted> {
        let health = Health::default();
        let mut registry = Registry::default();
        let mailer = roles.contains(&Role::Worker).then(|| mail::mailer(config)).transpose()?;
        let speaks = roles.iter().any(|role| matches!(role, Role::Worker | Role::Portal | Role::Api));
        let gateways = if speaks { gateways::gateways(config, &store)? } else { None };
        let teller = roles.contains(&Role::Worker).then(|| partners::teller(config)).transpose()?;
        let messenger = roles.contains(&Role::Worker).then(|| partners::messenger(config)).transpose()?;
        let worker = mailer.zip(teller).zip(messenger).map(|((mailer, teller), messenger)| {
            let mut seed = [0; 8];
            OsRandom.fill(&mut seed);
            worker::Parts {
                node: identity.node,
                store: store.clone(),
                clock: Arc::new(SystemClock),
                random: Arc::new(OsRandom),
                meters: worker::Meters::register(&mut registry),
                control: Coa::new(settings::coa(config), u64::from_ne_bytes(seed)),
                mailer,
                teller,
                messenger,
                gateways: gateways.clone(),
            }
        });
        let radius = if roles.contains(&Role::Radius) {
            if !config.radius.radsec.is_empty() {
                let files = boot::open_files::allow_many();
                if files < FILES_FOR_RADSEC {
                    warn!(
                        files,
                        "only {files} files may be open at once, and each RadSec connection is one: raise LimitNOFILE"
                    );
                }
            }
            let reason = "the routers are not known yet".to_owned();
            health.set(radiusd::directory::refresh::CHECK, State::NotReady { reason });
            let parts = Parts {
                identity,
                store: store.clone(),
                clock: Arc::new(SystemClock),
                random: Arc::new(OsRandom),
                meters: Meters::register(&mut registry),
                health: health.clone(),
                settings: Settings::from(config),
            };
            Some(Bound::bind(parts)?)
        } else {
            None
        };
        let api = if roles.contains(&Role::Api) {
            let parts = admin_api::Parts {
                store: store.clone(),
                clock: Arc::new(SystemClock),
                random: Arc::new(OsRandom),
                meters: admin_api::Meters::register(&mut registry),
                gateways: gateways.clone(),
                settings: admin_api::Settings::from(config),
            };
            Some(admin_api::Bound::bind(parts).await?)
        } else {
            None
        };
        let portal = if roles.contains(&Role::Portal) {
            let parts = portal::Parts {
                store,
                clock: Arc::new(SystemClock),
                random: Arc::new(OsRandom),
                meters: portal::Meters::register(&mut registry),
                gateway: gateways.map(|gateways| gateways.gateway),
                settings: portal::Settings::from(config),
            };
            Some(portal::Bound::bind(parts).await?)
        } else {
            None
        };
        let metrics = MetricsListener::bind(config.metrics.listen, registry, health.clone()).await?;
        Ok(Parted { radius, worker, api, portal, metrics, health })
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Where the API is.
    pub fn api_url(&self) -> Option<String> {
        let api = self.api.as_ref()?;
        Some(format!("{}://{}", if api.speaks_tls() { "https" } else { "http" }, api.address()))
    }

    /// Readiness.
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Serves until `shutdown`; then every role finishes what it has taken in, and the database stops last. A second
    /// signal waits for nothing.
    pub async fn serve(self, shutdown: &Shutdown) -> anyhow::Result<()> {
        tokio::select! {
            served = self.serve_kindly(shutdown.token()) => served,
            () = shutdown.at_once().cancelled_owned() => bail!("stopped at once; what was not answered is asked again"),
        }
    }

    async fn serve_kindly(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { opening, store, radius, worker, api, portal, metrics, health: _ } = self;
        let listening = tokio::spawn(metrics.serve(shutdown.clone()));
        let working = worker.map(|parts| tokio::spawn(worker::run(parts, shutdown.clone())));
        let answering = api.map(|api| {
            let address = api.address();
            info!(%address, "the API listens on {address}{}", if api.speaks_tls() { " with TLS" } else { "" });
            if !api.speaks_tls() && !address.ip().is_loopback() {
                warn!(
                    "the API speaks plain HTTP on {address}: give it a certificate (api.cert, api.key), or a proxy that \
                     speaks TLS for it"
                );
            }
            tokio::spawn(api.serve(shutdown.clone()))
        });
        let showing = portal.map(|portal| {
            let address = portal.address();
            info!(%address, "the portal listens on {address}{}", if portal.speaks_tls() { " with TLS" } else { "" });
            tokio::spawn(portal.serve(shutdown.clone()))
        });
        if let Some(radius) = radius {
            for port in [Port::Auth, Port::Acct] {
                for address in radius.addresses(port) {
                    info!(%address, "RADIUS {} listens on {address}", port.name());
                }
            }
            for address in radius.tls_addresses() {
                info!(%address, "RADIUS over TLS listens on {address}");
            }
            radius.serve(shutdown.clone()).await;
        } else {
            shutdown.cancelled().await;
        }
        if let Some(answering) = answering {
            answering.await.context("the API panicked")?;
        }
        if let Some(showing) = showing {
            showing.await.context("the portal panicked")?;
        }
        if let Some(working) = working {
            working.await.context("the worker panicked")?;
        }
        listening.await.context("the metrics listener panicked")?;
        store.close().await;
        opening.await.context("opening the database panicked")?.close().await
    }
}

/// What a server is made of, bound.
struct Parted {
    radius: Option<Bound>,
    worker: Option<worker::Parts<Coa>>,
    api: Option<admin_api::Bound>,
    portal: Option<portal::Bound>,
    metrics: MetricsListener,
    health: Health,
}

/// The database, open; or, for a server that remembers its routers and customers, on its way.
async fn open(
    config: &Config,
    may_remember: bool,
    shutdown: &CancellationToken,
) -> anyhow::Result<(Store, Identity, JoinHandle<Opening>)> {
    let mut opening = Opening::new(config, shutdown);
    let settings = Settings::from(config);
    if may_remember && settings.snapshot.exists() {
        let (store, identity) = shut(config)?;
        match snapshot::look(&settings.snapshot, &store, SystemClock.now(), settings.snapshot_age_max) {
            Ok(Some(times)) => {
                let Opens { first, opening } = opening.begin(store.clone());
                if let Ok(Ok(Err(why))) = timeout(DATABASE_WITHIN, first).await {
                    opening.await?.close().await?;
                    return Err(why);
                }
                if !store.is_open() {
                    warn!("starting without the database, with what was known at {}", times.known_at);
                }
                return Ok((store, identity, opening));
            }
            Ok(None) => {}
            Err(why) => warn!("without the database nobody could be served, for the snapshot is of no use: {why}"),
        }
    }
    let has_run = may_remember && Identity::is_kept_in(&config.data);
    let opened = opening.wait(!has_run).await.and_then(|urls| {
        let (store, identity) = shut(config)?;
        store.admit(&urls.app)?;
        Ok((store, identity))
    });
    let (store, identity) = match opened {
        Ok(opened) => opened,
        Err(why) => {
            opening.close().await?;
            return Err(why);
        }
    };
    store.seek_primary().await?;
    Ok((store, identity, tokio::spawn(std::future::ready(opening))))
}

/// A store that lets nobody in yet, and who this node is.
fn shut(config: &Config) -> anyhow::Result<(Store, Identity)> {
    let keyring = open::keyring(config)?;
    let identity = Identity::of(&config.data, &OsRandom, SystemClock.now())?;
    let options = OpenOptions { node: Some(identity.node), ..OpenOptions::new(String::new(), keyring) };
    Ok((Store::shut(options, "it has not answered since the start"), identity))
}
