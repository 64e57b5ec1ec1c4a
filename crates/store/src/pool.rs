//! Opens the database, and the two doors into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
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
    pool: ArcSwap<PgPool>,
    connections_max: u32,
}

/// The servers that may be the primary, and the one that was when somebody looked.
struct Places {
    all: Vec<PgConnectOptions>,
    current: AtomicUsize,
}

impl Places {
    fn current(&self) -> PgConnectOptions {
        let current = self.current.load(Ordering::Relaxed);
        self.all.get(current).cloned().unwrap_or_default()
    }
}

impl Reach {
    fn new(places: Arc<Places>, options: PgPoolOptions, connections_max: u32) -> Self {
        let options = options.max_connections(connections_max);
        let pool = options.clone().connect_lazy_with(places.current());
        Self { places, options, pool: ArcSwap::from_pointee(pool), connections_max }
    }

    fn renew(&self) {
        self.pool.store(Arc::new(self.options.clone().connect_lazy_with(self.places.current())));
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("connections", &self.reach.pool.load().size()).finish_non_exhaustive()
    }
}

impl Store {
    /// Prepares the pool. Connects when the first transaction begins, so a database that is away is not an error yet.
    ///
    /// Must be called inside a tokio runtime. A URL that cannot be read is an error.
    pub fn open(options: OpenOptions) -> Result<Self, StoreError> {
        let name = options.node.map_or_else(|| "mnetifi".to_owned(), |node| format!("mnetifi {node}"));
        let mut all = Vec::new();
        for place in places::parse(&options.app_url)? {
            let place = place.application_name(&name).statement_cache_capacity(256).options([
                ("statement_timeout", millis(options.statement_timeout)),
                ("idle_in_transaction_session_timeout", millis(options.idle_timeout)),
                ("timezone", "UTC".to_owned()),
            ]);
            all.push(place);
        }
        let pool = PgPoolOptions::new()
            .acquire_timeout(options.acquire_timeout)
            // A ping before each use costs as much as the query itself. A dead connection shows at `begin`, and there
            // we take another.
            .test_before_acquire(false);
        let places = Arc::new(Places { all, current: AtomicUsize::new(0) });
        let reach = Arc::new(Reach::new(places, pool, options.connections_max));
        Ok(Self { reach, keyring: Arc::new(options.keyring) })
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
        if places.all.len() < 2 {
            return Ok(false);
        }
        let primary = places::primary(&places.all, before).await?;
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
        self.reach.pool.load_full().close().await;
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
        let pool = self.reach.pool.load_full();
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
