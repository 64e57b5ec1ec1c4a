//! A database of its own for each test, in some fifty milliseconds: copied from a template that has all migrations.
#![expect(clippy::panic, reason = "a test that gets no database should stop where it asked for one")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use boot::random::OsRandom;
use ports::Random as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::{Keyring, OpenOptions, Store};

/// The variable with the URL of a superuser of the server that tests may fill.
pub const SERVER: &str = "MNETIFI_TEST_DATABASE_URL";

/// What the tests' secrets are sealed with.
pub const MASTER_KEY: [u8; 32] = *b"the master key of the tests only";

/// The role the pool logs in as; the first migration makes it.
const APP_ROLE: &str = "mnetifi_app";

/// One lock for all that make or remove templates on a server.
const TEMPLATE_LOCK: i64 = 0x6d6e_6574_6966_6900;

/// A migrated, empty database that goes away with this value.
#[derive(Debug)]
pub struct Database {
    server_url: String,
    name: String,
}

impl Database {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no server to make it on.
    pub async fn fresh() -> Self {
        match Self::try_fresh().await {
            Ok(database) => database,
            Err(why) => panic!("no database for this test: {why:#}"),
        }
    }

    async fn try_fresh() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests have no configuration but this")]
        let Ok(server_url) = std::env::var(SERVER) else {
            bail!(
                "{SERVER} is not set; run `make test`, or `cargo run -p tests --bin with_database -- COMMAND` to run \
                 any command with a PostgreSQL of its own"
            );
        };
        Self::fresh_on(server_url).await.with_context(|| format!("on the server of {SERVER}"))
    }

    /// Makes one on a server of the caller's own, whose superuser the URL names.
    pub async fn fresh_on(server_url: String) -> anyhow::Result<Self> {
        let mut server = PgConnection::connect(&server_url).await.context("the server does not answer")?;
        let template = template(&mut server, &server_url).await?;
        // Unique on the server for as long as we live; what an earlier process of our number left behind goes away.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("mnetifi_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&mut server, format!("drop database if exists {name} with (force)")).await?;
        run(&mut server, format!("create database {name} template {template}")).await?;
        server.close().await?;
        Ok(Self { server_url, name })
    }

    /// The URL of a superuser: owns the tables and passes by row-level security.
    pub fn admin_url(&self) -> String {
        url_of(&self.server_url, None, &self.name)
    }

    /// The URL of the role that the program logs in as.
    pub fn app_url(&self) -> String {
        url_of(&self.server_url, Some(APP_ROLE), &self.name)
    }

    /// A store on it, with a pool of its own.
    ///
    /// # Panics
    /// When the URL of the server cannot be read.
    pub fn store(&self) -> Store {
        let keyring = Keyring::new(MASTER_KEY, |octets| OsRandom.fill(octets));
        self.store_with(keyring)
    }

    /// A store that opens its secrets with that keyring.
    ///
    /// # Panics
    /// When the URL of the server cannot be read.
    pub fn store_with(&self, keyring: Keyring) -> Store {
        let mut options = OpenOptions::new(self.app_url(), keyring);
        options.connections_max = 8;
        // The machine may be busy with other tests.
        options.acquire_timeout = Duration::from_secs(20);
        match Store::open(options) {
            Ok(store) => store,
            Err(why) => panic!("the store does not open: {why}"),
        }
    }

    /// Lets the database refuse everybody, as one that is away does.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn goes_away(&self) {
        self.admits(false).await;
    }

    /// Lets the database answer again.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn comes_back(&self) {
        self.admits(true).await;
    }

    async fn admits(&self, anybody: bool) {
        let done = async {
            let mut server = PgConnection::connect(&self.server_url).await?;
            let name = &self.name;
            run(&mut server, format!("alter database {name} with allow_connections {anybody}")).await?;
            if !anybody {
                let all = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
                sqlx::query(all).bind(name).execute(&mut server).await?;
            }
            anyhow::Ok(())
        };
        if let Err(why) = done.await {
            panic!("the server does not do as it is told: {why:#}");
        }
    }

    /// Runs a statement as the superuser, for what no action does.
    pub async fn runs(&self, statement: &'static str) -> anyhow::Result<()> {
        sqlx::raw_sql(statement).execute(&mut self.admin().await).await?;
        Ok(())
    }

    /// Refuses the sessions of a user from now on, as a fault of ours would.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn refuses(&self, user_name: &str) {
        let bar = format!("alter table sessions add constraint refused check (user_name <> '{user_name}') not valid");
        self.change(bar).await;
    }

    /// Takes them again.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn refuses_nobody(&self) {
        self.change("alter table sessions drop constraint refused".to_owned()).await;
    }

    async fn change(&self, statement: String) {
        let mut admin = self.admin().await;
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.expect("changed");
    }

    /// A connection as the superuser, to look at what no query shows.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn admin(&self) -> PgConnection {
        match PgConnection::connect(&self.admin_url()).await {
            Ok(connection) => connection,
            Err(why) => panic!("the superuser cannot log in: {why}"),
        }
    }
}

/// Removes the database, if the server lets us: what stays is removed with the template, or with the server.
impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (self.server_url.clone(), self.name.clone());
        // A thread of its own: a test's runtime may not be blocked, and is about to end.
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut server = PgConnection::connect(&url).await?;
                run(&mut server, format!("drop database if exists {name} with (force)")).await?;
                anyhow::Ok(())
            })
        });
        drop(removed.join());
    }
}

/// The name of the template with this program's migrations, made when it is not there.
async fn template(server: &mut PgConnection, server_url: &str) -> anyhow::Result<String> {
    let name = format!("mnetifi_template_{}", store::schema::fingerprint());
    if exists(server, &name).await? {
        return Ok(name);
    }
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *server).await?;
    let made = if exists(server, &name).await? { Ok(()) } else { make_template(server, server_url, &name).await };
    sqlx::query("select pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(&mut *server).await?;
    made.map(|()| name)
}

/// Migrates under another name first, so that a template is whole or not there. Removes those of other migrations.
async fn make_template(server: &mut PgConnection, server_url: &str, name: &str) -> anyhow::Result<()> {
    let others: Vec<String> = sqlx::query_scalar("select datname::text from pg_database where datname like $1")
        .bind("mnetifi\\_template\\_%")
        .fetch_all(&mut *server)
        .await?;
    for other in others {
        // Tests of another checkout may be copying it at this moment: then it stays.
        drop(run(server, format!("drop database if exists {other}")).await);
    }
    let growing = format!("{name}_growing");
    run(server, format!("drop database if exists {growing} with (force)")).await?;
    run(server, format!("create database {growing}")).await?;
    store::migrate(&url_of(server_url, None, &growing)).await.context("the migrations do not apply")?;
    run(server, format!("alter database {growing} rename to {name}")).await?;
    Ok(())
}

async fn exists(server: &mut PgConnection, name: &str) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(server)
        .await?)
}

/// Runs a statement whose names are all made here, of letters, digits and underscores.
async fn run(server: &mut PgConnection, statement: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(server).await?;
    Ok(())
}

/// The URL of another database of the same server, for the same role or another one.
fn url_of(server_url: &str, role: Option<&str>, database: &str) -> String {
    let (address, parameters) = match server_url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server_url, String::new()),
    };
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let authority = rest.split('/').next().unwrap_or_default();
    let authority = match (role, authority.rsplit_once('@')) {
        (None, _) => authority.to_owned(),
        (Some(role), Some((_, host))) => format!("{role}@{host}"),
        (Some(role), None) => format!("{role}@{authority}"),
    };
    format!("{scheme}://{authority}/{database}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_server_when_the_database_and_the_role_change() {
        for (server, role, wanted) in [
            ("postgres://a@%2Frun:5432/postgres", None, "postgres://a@%2Frun:5432/t"),
            ("postgres://a:b@db/x", Some("mnetifi_app"), "postgres://mnetifi_app@db/t"),
            ("postgres://db:5433", Some("mnetifi_app"), "postgres://mnetifi_app@db:5433/t"),
            ("postgres://a@localhost/x?host=/run", None, "postgres://a@localhost/t?host=/run"),
        ] {
            assert_eq!(url_of(server, role, "t"), wanted);
        }
    }
}
