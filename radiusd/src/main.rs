//! The RADIUS role alone, for a node that plays no other: no web crate is linked.
//!
//! Needs a database that somebody else runs and has migrated; `mnetifi serve` keeps one of its own.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use boot::clock::SystemClock;
use boot::config::{self, Config, Database, Faults, Overrides};
use boot::health::Health;
use boot::identity::{Identity, IdentityError};
use boot::master_key::{self, MasterKeyError};
use boot::metrics::{MetricsError, MetricsListener, Registry};
use boot::random::OsRandom;
use boot::shutdown::Shutdown;
use boot::telemetry::{self, TelemetryError};
use ports::{Clock as _, Random as _};
use radiusd::meters::Meters;
use radiusd::{Bound, Parts, RadiusdError, Settings};
use store::{Keyring, OpenOptions, Store, StoreError};
use thiserror::Error;

/// Why the node could not start.
#[derive(Debug, Error)]
enum Failed {
    #[error("{0}")]
    Settings(#[from] Faults),
    #[error("radiusd keeps no database: set DATABASE_URL, or run `mnetifi serve`, which keeps one of its own")]
    NoDatabase,
    #[error("{0}; copy the master key from the node that wrote this database's secrets")]
    Key(#[from] MasterKeyError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Radius(#[from] RadiusdError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Log(#[from] TelemetryError),
    #[error("signals cannot be heard: {0}")]
    Signals(#[from] std::io::Error),
    #[error("the metrics listener panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(std::io::stderr(), "radiusd: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failed> {
    let config = Config::load(&Overrides::default(), &config::environment())?;
    let Database::At(url) = &config.database else { return Err(Failed::NoDatabase) };
    telemetry::begin(&config.log)?;
    let shutdown = Shutdown::on_signals()?;
    let key_file = config.key_file();
    let keys = master_key::read(&key_file)?;
    let keyring = Keyring::reading(&keys, master_key::reader(key_file), |octets| OsRandom.fill(octets));
    let health = Health::new();
    let mut registry = Registry::default();
    let identity = Identity::of(&config.data, &OsRandom, SystemClock.now())?;
    let options = OpenOptions { node: Some(identity.node), ..OpenOptions::new(url.expose(), keyring) };
    let bound = Bound::bind(Parts {
        identity,
        store: Store::open(options)?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        meters: Meters::register(&mut registry),
        health: health.clone(),
        settings: Settings::from(&config),
    })?;
    let metrics = MetricsListener::bind(config.metrics.listen, registry, health).await?;
    let listening = tokio::spawn(metrics.serve(shutdown.token()));
    bound.serve(shutdown.token()).await;
    Ok(listening.await?)
}
