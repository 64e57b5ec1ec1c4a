//! The way of a server to its database: at the start, or later, while those who are known are served without it.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use boot::config::{Config, Database};
use boot::private_postgres::{PrivatePostgres, PrivatePostgresError};
use store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::open::{self, Urls};
use crate::print;

/// How soon it is tried again, at first and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// How often the log says that it is still waited for.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The longest that all migrations together may take before they are tried anew.
const MIGRATED_WITHIN: Duration = Duration::from_secs(3_600);

/// Whether waiting is of any use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hope {
    /// It may answer in a moment.
    Soon,
    /// Somebody has to put something right; those who are known can be served until then.
    Later,
    /// This program must not run on it.
    Never,
}

/// A database that is not there yet.
pub struct Opening {
    config: Config,
    postgres: Option<PrivatePostgres>,
    stop: CancellationToken,
}

/// A database that is being opened, for as long as it takes.
pub struct Opens {
    /// What came of the first tries: an error when waiting is of no use.
    pub first: oneshot::Receiver<anyhow::Result<()>>,
    /// Ends when it is open, or when the server stops. Gives what has to be let go of at the end.
    pub opening: tokio::task::JoinHandle<Opening>,
}

impl Opening {
    /// Nothing is begun yet. `stop` ends every wait.
    pub fn new(config: &Config, stop: &CancellationToken) -> Self {
        Self { config: config.clone(), postgres: None, stop: stop.clone() }
    }

    /// Waits until the database answers and has this program's form. A server that has run in this data directory before
    /// waits as long as it takes; at the very first start, and when waiting is of no use, it is an error soon.
    pub async fn wait(&mut self, is_first: bool) -> anyhow::Result<Urls> {
        let mut telling = Telling::default();
        loop {
            let why = match self.once().await {
                Ok(urls) => return Ok(urls),
                Err(why) => why,
            };
            if is_first || hope(&why) != Hope::Soon {
                return Err(why);
            }
            if telling.is_due(&why) {
                warn!(
                    "waiting for the database, nobody gets an answer until it is there: {}",
                    print::with_causes(&why)
                );
            }
            tokio::select! {
                () = sleep(telling.pause()) => {}
                () = self.stop.cancelled() => bail!("stopped while waiting for the database: {}", print::with_causes(&why)),
            }
        }
    }

    /// Opens it in the background and lets `store` in then.
    pub fn begin(mut self, store: Store) -> Opens {
        let (tells, first) = oneshot::channel();
        // On a thread of its own: the driver's migrations cannot move between threads.
        let opening = tokio::task::spawn_blocking(move || {
            Handle::current().block_on(self.open(&store, tells));
            self
        });
        Opens { first, opening }
    }

    async fn open(&mut self, store: &Store, tells: oneshot::Sender<anyhow::Result<()>>) {
        let mut telling = Telling::default();
        let (mut tells, stop) = (Some(tells), self.stop.clone());
        while !stop.is_cancelled() {
            let opened = match self.once().await {
                Ok(urls) => store.admit(&urls.app).map_err(Into::into),
                Err(why) => Err(why),
            };
            let why = match opened {
                Ok(()) => {
                    if let Err(why) = store.seek_primary().await {
                        debug!("which server takes writes is not known yet: {why}");
                    }
                    info!("the database is open");
                    _ = tells.take().map(|first| first.send(Ok(())));
                    return;
                }
                Err(why) => why,
            };
            let in_words = print::with_causes(&why);
            store.keep_shut(&in_words);
            if telling.is_due(&why) {
                warn!("the database is not open, it is tried again and again: {in_words}");
            }
            match hope(&why) {
                Hope::Soon => {}
                Hope::Later => _ = tells.take().map(|first| first.send(Ok(()))),
                Hope::Never => {
                    // Once the server runs, those who are known are better off with it than without.
                    if tells.take().is_some_and(|first| first.send(Err(why)).is_ok()) {
                        return;
                    }
                }
            }
            _ = stop.run_until_cancelled(sleep(telling.pause())).await;
        }
    }

    /// Reaches it, starts it if it is ours, and brings it to this program's form.
    async fn once(&mut self) -> anyhow::Result<Urls> {
        let (urls, name) = match &self.config.database {
            Database::At(url) => {
                let urls = Urls { admin: url.expose().to_owned(), app: url.expose().to_owned() };
                (urls, format!("the database at {url}"))
            }
            Database::Private { bin } => {
                let postgres = match self.postgres.take() {
                    Some(postgres) => postgres,
                    None => {
                        let options = open::private_options(&self.config, bin.clone());
                        PrivatePostgres::start(options, &self.stop).await?
                    }
                };
                let urls = open::urls_of(&postgres.connection());
                self.postgres = Some(postgres);
                (urls, "the private PostgreSQL of the data directory".to_owned())
            }
        };
        match self.stop.run_until_cancelled(Box::pin(bring_up_to_date(&urls.admin))).await {
            Some(done) => done.context(name)?,
            None => bail!("stopped before the database was open"),
        }
        Ok(urls)
    }

    /// Stops what was started.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(postgres) = self.postgres {
            postgres.stop().await?;
            info!("the private PostgreSQL has stopped");
        }
        Ok(())
    }
}

/// A database whose form is newer than this program's is left as it is, and is an error.
async fn bring_up_to_date(admin_url: &str) -> anyhow::Result<()> {
    let pending = open::answers_in_time(async { Ok(store::schema::pending(admin_url).await?) }).await?;
    if pending.is_empty() {
        return Ok(());
    }
    info!("{} migrations are applied to the database", pending.len());
    match timeout(MIGRATED_WITHIN, store::migrate(admin_url)).await {
        Ok(migrated) => {
            let applied = migrated.context("it could not be brought to this version's form")?.applied;
            info!(applied, "the database was brought to this version's form");
            Ok(())
        }
        Err(_elapsed) => Err(anyhow!("its migrations do not end")),
    }
}

fn hope(why: &anyhow::Error) -> Hope {
    if let Some(private) = why.downcast_ref::<PrivatePostgresError>() {
        return match private {
            PrivatePostgresError::Locked(_) | PrivatePostgresError::DataDir(_) | PrivatePostgresError::Interrupted => {
                Hope::Never
            }
            PrivatePostgresError::NotInstalled { .. }
            | PrivatePostgresError::OtherMajor { .. }
            | PrivatePostgresError::NamelessUser { .. }
            | PrivatePostgresError::NobodyToRunAs
            | PrivatePostgresError::OtherOwner { .. }
            | PrivatePostgresError::Unreachable { .. }
            | PrivatePostgresError::LocationLost { .. }
            | PrivatePostgresError::NoRunDirectory { .. }
            | PrivatePostgresError::ProgramRefused { .. }
            | PrivatePostgresError::NotStarting { .. }
            | PrivatePostgresError::OtherServer { .. }
            | PrivatePostgresError::SupervisorGone
            | PrivatePostgresError::Io { .. } => Hope::Later,
        };
    }
    match why.downcast_ref::<StoreError>() {
        Some(StoreError::Unavailable { .. }) => Hope::Soon,
        Some(
            StoreError::NewerDatabase { .. }
            | StoreError::ForeignMigration { .. }
            | StoreError::OldServer { .. }
            | StoreError::BadUrl,
        ) => Hope::Never,
        Some(_) => Hope::Later,
        // It did not answer in time.
        None => Hope::Soon,
    }
}

/// What was said last, and how long to wait.
#[derive(Default)]
struct Telling {
    last: Option<(String, Instant)>,
    pause: Option<Duration>,
}

impl Telling {
    /// Whether it is something new, or it was not said for a while.
    fn is_due(&mut self, why: &anyhow::Error) -> bool {
        let words = print::with_causes(why);
        let was_said = self.last.as_ref().is_some_and(|(last, at)| *last == words && at.elapsed() < TOLD_EVERY);
        if !was_said {
            self.last = Some((words, Instant::now()));
        }
        !was_said
    }

    /// Each longer than the one before.
    fn pause(&mut self) -> Duration {
        let pause = self.pause.map_or(PAUSES.0, |before| (before * 2).min(PAUSES.1));
        self.pause = Some(pause);
        pause
    }
}
