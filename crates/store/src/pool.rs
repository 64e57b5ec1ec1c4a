//! Opens the database, and the two doors into it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use domain::id::NodeId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use crate::error::{self, StoreError};
use crate::places;
use crate::scope::TenantScope;
use crate::sealing::Keyring;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// How to reach the database.
#[derive(Debug)]
pub struct OpenOptions {
    /// Where it is and as whom to log in: a member of `mnetifi_tenant` and `mnetifi_system`, best `mnetifi_app`.
    ///
    /// May name several servers, as `postgres://user@db-1:5432,db-2:5432/name`: the one that takes writes is used.
    pub app_url: String,
    /// The node whose connections these are; they carry its id in their name.
    pub node: Option<NodeId>,
    /// What opens its secrets.
    pub keyring: Keyring,
    /// The most connections at once.
    pub connections_max: u32,
    /// How long a caller waits for a free connection before the database counts as away. A NAS asks again after a
    /// second, so waiting longer helps nobody.
    pub acquire_timeout: Duration,
    /// The longest a statement may take.
    pub statement_timeout: Duration,
    /// The longest a transaction may stand still between two statements.
    pub idle_timeout: Duration,
}

impl OpenOptions {
    /// The settings that suit one node: 16 connections, 800 ms to wait for one.
    pub fn new(app_url: impl Into<String>, keyring: Keyring) -> Self {
        Self {
            app_url: app_url.into(),
            node: None,
            keyring,
            connections_max: 16,
            acquire_timeout: Duration::from_millis(800),
            statement_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
        }
    }
}

/// The database. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    reach: Arc<Reach>,
    keyring: Arc<Keyring>,
}

/// The way to the database.
struct Reach {
    places: Arc<Places>,
    options: PgPoolOptions,
    /// `None` until the database is known.
    pool: ArcSwapOption<PgPool>,
    connections_max: u32,
}

/// The servers that may be the primary, and the one that was when somebody looked.
struct Places {
    /// Empty while nobody is let in.
    all: OnceLock<Vec<PgConnectOptions>>,
    current: AtomicUsize,
    /// Why nobody is let in yet.
    shut: Mutex<String>,
    name: String,
    settings: [(&'static str, String); 3],
}

impl Places {
    fn all(&self) -> &[PgConnectOptions] {
        self.all.get().map_or(&[], Vec::as_slice)
    }

    fn current(&self) -> Option<PgConnectOptions> {
        self.all().get(self.current.load(Ordering::Relaxed)).cloned()
    }

    fn shut(&self) -> std::sync::MutexGuard<'_, String> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reach {
    fn new(places: Arc<Places>, options: PgPoolOptions, connections_max: u32) -> Self {
        let options = options.max_connections(connections_max);
        let reach = Self { places, options, pool: ArcSwapOption::empty(), connections_max };
        reach.renew();
        reach
    }

    fn renew(&self) -> Option<Arc<PgPool>> {
        let place = self.places.current()?;
        let pool = Arc::new(self.options.clone().connect_lazy_with(place));
        self.pool.store(Some(Arc::clone(&pool)));
        Some(pool)
    }

    fn pool(&self) -> Result<Arc<PgPool>, StoreError> {
        // Those apart from the one that was let in find out when they are asked.
        let pool = self.pool.load_full().or_else(|| self.renew());
        pool.ok_or_else(|| StoreError::Unavailable { reason: self.places.shut().clone() })
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let connections = self.reach.pool.load().as_ref().map_or(0, |pool| pool.size());
        f.debug_struct("Store").field("connections", &connections).finish_non_exhaustive()
    }
}

impl Store {
    /// Prepares the pool. Connects when the first transaction begins, so a database that is away is not an error yet.
    ///
    /// Must be called inside a tokio runtime. A URL that cannot be read is an error.
    pub fn open(options: OpenOptions) -> Result<Self, StoreError> {
        let app_url = options.app_url.clone();
        let store = Self::shut(options, "nobody was let in yet");
        store.admit(&app_url)?;
        Ok(store)
    }

    /// Prepares a store whose database is not there yet: all that is asked of it is `Unavailable` because of `why`, until
    /// [`admit`](Self::admit) names the database. The URL of `options` is not looked at.
    pub fn shut(options: OpenOptions, why: &str) -> Self {
        let pool = PgPoolOptions::new()
            .acquire_timeout(options.acquire_timeout)
            // A ping before each use costs as much as the query itself. A dead connection shows at `begin`, and there
            // we take another.
            .test_before_acquire(false);
        let places = Arc::new(Places {
            all: OnceLock::new(),
            current: AtomicUsize::new(0),
            shut: Mutex::new(why.to_owned()),
            name: options.node.map_or_else(|| "mnetifi".to_owned(), |node| format!("mnetifi {node}")),
            settings: [
                ("statement_timeout", millis(options.statement_timeout)),
                ("idle_in_transaction_session_timeout", millis(options.idle_timeout)),
                ("timezone", "UTC".to_owned()),
            ],
        });
        let reach = Arc::new(Reach::new(places, pool, options.connections_max));
        Self { reach, keyring: Arc::new(options.keyring) }
    }

    /// Lets everybody in: the database is at this URL and has this program's form. Must be called inside a tokio runtime.
    ///
    /// Only the first URL counts: a store has one database for as long as it lives.
    pub fn admit(&self, app_url: &str) -> Result<(), StoreError> {
        let places = &self.reach.places;
        let prepared = |place: PgConnectOptions| {
            place.application_name(&places.name).statement_cache_capacity(256).options(places.settings.clone())
        };
        let all = places::parse(app_url)?.into_iter().map(prepared).collect();
        _ = places.all.set(all);
        self.reach.renew();
        Ok(())
    }

    /// Says why nobody is let in yet.
    pub fn keep_shut(&self, why: impl Into<String>) {
        *self.reach.places.shut() = why.into();
    }

    /// Whether the database is known and may be asked.
    pub fn is_open(&self) -> bool {
        self.reach.places.all.get().is_some()
    }

    /// The same database with connections of its own, which nobody else can use up.
    #[must_use]
    pub fn apart(&self, connections_max: u32) -> Self {
        let reach = Reach::new(Arc::clone(&self.reach.places), self.reach.options.clone(), connections_max);
        Self { reach: Arc::new(reach), keyring: Arc::clone(&self.keyring) }
    }

    /// Leaves all connections to those who use them at this moment and makes new ones from now on: after a while in
    /// which nothing came over the old ones.
    pub fn renew_connections(&self) {
        self.reach.renew();
    }

    /// Looks which of the servers takes writes, and goes there from now on. Does nothing when there is only one.
    ///
    /// Tells whether it is another one than before; its clones and those apart from it go there once they renew their
    /// connections.
    pub async fn seek_primary(&self) -> Result<bool, StoreError> {
        let places = &self.reach.places;
        let before = places.current.load(Ordering::Relaxed);
        if places.all().len() < 2 {
            return Ok(false);
        }
        let primary = places::primary(places.all(), before).await?;
        places.current.store(primary, Ordering::Relaxed);
        self.reach.renew();
        Ok(primary != before)
    }

    /// Begins a transaction that sees one tenant's rows.
    pub async fn tenant(&self, scope: &TenantScope) -> Result<TenantTx, StoreError> {
        let tenant = scope.tenant();
        // The only built statement: the value is a typed uuid, so it holds hexadecimal digits and dashes alone.
        let begin = format!("begin; set local role mnetifi_tenant; set local app.tenant = '{}'", tenant.uuid());
        let transaction = self.begin(|pool| {
            let begin = begin.clone();
            async move { pool.begin_with(AssertSqlSafe(begin)).await }
        });
        Ok(TenantTx::new(transaction.await?, tenant, Arc::clone(&self.keyring)))
    }

    /// Begins a transaction that sees the few things which serve all tenants.
    pub async fn system(&self) -> Result<SystemTx, StoreError> {
        let transaction =
            self.begin(|pool| async move { pool.begin_with("begin; set local role mnetifi_system").await });
        Ok(SystemTx::new(transaction.await?, Arc::clone(&self.keyring)))
    }

    /// Closes all connections and waits for those in use.
    pub async fn close(&self) {
        if let Some(pool) = self.reach.pool.load_full() {
            pool.close().await;
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Tries again on another connection when one proves dead: after a restart of the database all idle ones are.
    async fn begin<F>(&self, begin: impl Fn(PgPool) -> F) -> Result<Transaction<'static, Postgres>, StoreError>
    where
        F: Future<Output = Result<Transaction<'static, Postgres>, sqlx::Error>>,
    {
        let mut tries_left = self.reach.connections_max;
        let pool = self.reach.pool()?;
        loop {
            match begin(PgPool::clone(&pool)).await {
                Err(error) if tries_left > 0 && pool.size() > 0 && error::is_broken_connection(&error) => {
                    tries_left -= 1;
                }
                begun => return Ok(begun?),
            }
        }
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
