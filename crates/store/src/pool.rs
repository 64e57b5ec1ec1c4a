//! Opens the database, and the two doors into it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use crate::error::{self, StoreError};
use crate::scope::TenantScope;
use crate::sealing::Keyring;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// How to reach the database.
#[derive(Debug)]
pub struct OpenOptions {
    /// Where it is and as whom to log in: a member of `mnetifi_tenant` and `mnetifi_system`, best `mnetifi_app`.
    pub app_url: String,
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
    pool: PgPool,
    keyring: Arc<Keyring>,
    connections_max: u32,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}

impl Store {
    /// Prepares the pool. Connects when the first transaction begins, so a database that is away is not an error yet.
    ///
    /// Must be called inside a tokio runtime. A URL that cannot be read is an error.
    pub fn open(options: OpenOptions) -> Result<Self, StoreError> {
        let connect = options
            .app_url
            .parse::<PgConnectOptions>()
            .map_err(|_| StoreError::BadUrl)?
            .application_name("mnetifi")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", millis(options.statement_timeout)),
                ("idle_in_transaction_session_timeout", millis(options.idle_timeout)),
                ("timezone", "UTC".to_owned()),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(options.acquire_timeout)
            // A ping before each use costs as much as the query itself. A dead connection shows at `begin`, and there
            // we take another.
            .test_before_acquire(false)
            .connect_lazy_with(connect);
        Ok(Self { pool, keyring: Arc::new(options.keyring), connections_max: options.connections_max })
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
        self.pool.close().await;
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Tries again on another connection when one proves dead: after a restart of the database all idle ones are.
    async fn begin<F>(&self, begin: impl Fn(PgPool) -> F) -> Result<Transaction<'static, Postgres>, StoreError>
    where
        F: Future<Output = Result<Transaction<'static, Postgres>, sqlx::Error>>,
    {
        let mut tries_left = self.connections_max;
        loop {
            match begin(self.pool.clone()).await {
                Err(error) if tries_left > 0 && self.pool.size() > 0 && error::is_broken_connection(&error) => {
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
