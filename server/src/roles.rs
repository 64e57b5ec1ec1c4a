//! From the configuration to running roles: the only list of them.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use boot::clock::SystemClock;
use boot::config::{Config, Database};
use boot::health::{Health, State};
use boot::identity::Identity;
use boot::metrics::MetricsListener;
use boot::private_postgres::PrivatePostgres;
use boot::random::OsRandom;
use boot::shutdown::Shutdown;
use ports::Clock as _;
use prometheus_client::registry::Registry;
use radiusd::door::Port;
use radiusd::meters::Meters;
use radiusd::{Bound, Parts, Settings};
use store::{OpenOptions, Store};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::cli::Role;
use crate::open::{self, Urls};

/// Files that all RadSec connections there may be need, with room for everything else.
const FILES_FOR_RADSEC: u64 = 5_120;

/// A server that is ready to serve: its database runs, its sockets are bound.
pub struct Server {
    postgres: Option<PrivatePostgres>,
    store: Store,
    radius: Option<Bound>,
    metrics: MetricsListener,
    health: Health,
}

impl Server {
    /// Starts the database, brings it to this version's form, and binds every socket. Nothing is answered yet.
    pub async fn start(config: &Config, roles: &[Role], shutdown: &CancellationToken) -> anyhow::Result<Self> {
        let (postgres, urls) = match &config.database {
            Database::At(url) => (None, Urls { admin: url.expose().to_owned(), app: url.expose().to_owned() }),
            Database::Private { bin } => {
                let postgres = PrivatePostgres::start(open::private_options(config, bin.clone()), shutdown).await?;
                let urls = open::urls_of(&postgres.connection());
                (Some(postgres), urls)
            }
        };
        match Self::with_database(config, roles, &urls).await {
            Ok((store, radius, metrics, health)) => Ok(Self { postgres, store, radius, metrics, health }),
            Err(error) => {
                if let Some(postgres) = postgres {
                    postgres.stop().await?;
                }
                Err(error)
            }
        }
    }

    async fn with_database(
        config: &Config,
        roles: &[Role],
        urls: &Urls,
    ) -> anyhow::Result<(Store, Option<Bound>, MetricsListener, Health)> {
        let migrated =
            store::migrate(&urls.admin).await.context("the database could not be brought to this version's form")?;
        if migrated.applied > 0 {
            info!(applied = migrated.applied, "the database was brought to this version's form");
        }
        let keyring = open::keyring(config)?;
        let identity = Identity::of(&config.data, &OsRandom, SystemClock.now())?;
        let options = OpenOptions { node: Some(identity.node), ..OpenOptions::new(urls.app.clone(), keyring) };
        let store = Store::open(options)?;
        store.seek_primary().await?;
        let health = Health::default();
        let mut registry = Registry::default();
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
        let metrics = MetricsListener::bind(config.metrics.listen, registry, health.clone()).await?;
        Ok((store, radius, metrics, health))
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
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
        let Self { postgres, store, radius, metrics, health: _ } = self;
        let listening = tokio::spawn(metrics.serve(shutdown.clone()));
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
        listening.await.context("the metrics listener panicked")?;
        store.close().await;
        if let Some(postgres) = postgres {
            postgres.stop().await?;
            info!("the private PostgreSQL has stopped");
        }
        Ok(())
    }
}
