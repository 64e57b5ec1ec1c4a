//! Opens what a command works on: the configuration, the database, its secrets, and the tenant that is meant.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use actions::context::Context;
use anyhow::{Context as _, bail};
use boot::clock::SystemClock;
use boot::config::{Config, Database, DatabaseUrl};
use boot::data_dir::DataDir;
use boot::master_key;
use boot::operator;
use boot::private_postgres::{self, Attached, Options};
use boot::random::OsRandom;
use domain::platform::audit::Actor;
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use domain::text::Slug;
use ports::Random;
use store::page::{Listed, Page};
use store::platform::tenants;
use store::sales::plans;
use store::sealing::Keyring;
use store::{OpenOptions, Store, TenantScope};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, Paging};
use crate::print::{self, Style};

/// So many new rows change what the database's planner should believe.
const MANY_ROWS: usize = 200;

/// How long a database may take to say what form it has. Migrations of a private cluster are far quicker.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The two ways into the database: as its owner, for migrations, and as the pool.
#[derive(Clone, Debug)]
pub struct Urls {
    /// As the owner of the tables.
    pub admin: String,
    /// As the pool's login.
    pub app: String,
}

/// Where the database is: the data directory's own, or the one that the configuration names.
pub enum Cluster {
    /// Ours, running beside us or started for this command.
    Private(Attached),
    /// Somebody else's.
    External(DatabaseUrl),
}

/// As messages name it; never with a password.
impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(_) => f.write_str("the private PostgreSQL of the data directory"),
            Self::External(url) => write!(f, "the database at {url}"),
        }
    }
}

impl Cluster {
    /// Reaches the database that the configuration names, or starts the data directory's own.
    pub async fn reach(config: &Config, shutdown: &CancellationToken) -> anyhow::Result<Self> {
        match &config.database {
            Database::At(url) => Ok(Self::External(url.clone())),
            Database::Private { bin } => {
                let options = private_options(config, bin.clone());
                Ok(Self::Private(private_postgres::attach_or_start(options, shutdown).await?))
            }
        }
    }

    /// The ways into it.
    pub fn urls(&self) -> Urls {
        match self {
            Self::Private(attached) => urls_of(&attached.connection()),
            Self::External(url) => Urls { admin: url.expose().to_owned(), app: url.expose().to_owned() },
        }
    }

    /// Sees to it that the database has this version's form.
    ///
    /// Changes only a database that nobody else uses: one that was started for this command. Beside a running server,
    /// which may be of another version, a form that is behind is told and left to `mnetifi migrate`.
    async fn bring_up_to_date(&self, urls: &Urls) -> anyhow::Result<()> {
        if let Self::Private(Attached::Started(_)) = self {
            store::migrate(&urls.admin).await?;
            return Ok(());
        }
        match store::schema::pending(&urls.admin).await?.len() {
            0 => Ok(()),
            pending => {
                bail!("{pending} migrations are to be applied first: run `mnetifi migrate`, or start the server")
            }
        }
    }

    /// Stops what was started for this command.
    pub async fn release(self) -> anyhow::Result<()> {
        match self {
            Self::Private(attached) => Ok(attached.release().await?),
            Self::External(_) => Ok(()),
        }
    }
}

/// What a database says, or that it says nothing: a frozen one would hold a command for ever.
pub async fn answers_in_time<T>(asking: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    match tokio::time::timeout(ANSWER_WITHIN, asking).await {
        Ok(answer) => answer,
        Err(_elapsed) => {
            bail!("does not answer within {} s: is its machine or its disk busy?", ANSWER_WITHIN.as_secs())
        }
    }
}

/// How the data directory's own cluster is set up.
pub fn private_options(config: &Config, bin: Option<PathBuf>) -> Options {
    Options { bin, ..Options::new(&config.data) }
}

/// The ways into a private cluster.
pub fn urls_of(connection: &private_postgres::Connection) -> Urls {
    Urls { admin: connection.admin_url(), app: connection.app_url() }
}

/// What opens the database's secrets. The file is read again whenever that may matter, so that new keys need no restart.
pub fn keyring(config: &Config) -> anyhow::Result<Keyring> {
    let (keys, path) = match &config.master_key_file {
        Some(path) => (master_key::read(path)?, path.clone()),
        None => {
            let data = DataDir::open(&config.data)?;
            (data.master_keys(&OsRandom)?, data.master_key_file())
        }
    };
    Ok(Keyring::reading(&keys, master_key::reader(path), |octets| OsRandom.fill(octets)))
}

/// A database ready for commands.
pub struct Opened {
    /// The way into it.
    pub store: Store,
    /// How results are printed.
    pub style: Style,
    /// The tenant that was named.
    pub tenant_name: Option<Slug>,
    clock: SystemClock,
    /// Who runs the command.
    operator: Actor,
    admin_url: Option<String>,
    /// What is to be let go of at the end; a running server keeps its own.
    cluster: Option<Cluster>,
}

impl Opened {
    /// Reaches the database, sees that it has this version's form, and opens it.
    pub async fn open(config: &Config, global: &Global, shutdown: &CancellationToken) -> anyhow::Result<Self> {
        let cluster = Cluster::reach(config, shutdown).await?;
        let urls = cluster.urls();
        answers_in_time(cluster.bring_up_to_date(&urls)).await.with_context(|| cluster.to_string())?;
        let style = if global.json { Style::Json } else { Style::Table };
        let store = Store::open(OpenOptions::new(urls.app, keyring(config)?))?;
        store.seek_primary().await?;
        Ok(Self {
            store,
            style,
            tenant_name: global.tenant.clone(),
            clock: SystemClock,
            operator: Actor::called(operator::name()),
            admin_url: Some(urls.admin),
            cluster: Some(cluster),
        })
    }

    /// For a command inside a running server: its store, which stays open afterwards.
    pub fn beside(global: &Global, store: &Store) -> Self {
        Self {
            store: store.clone(),
            style: if global.json { Style::Json } else { Style::Table },
            tenant_name: None,
            clock: SystemClock,
            operator: Actor::called(operator::name()),
            admin_url: None,
            cluster: None,
        }
    }

    /// Closes the database and stops what was started for this command.
    pub async fn close(self) -> anyhow::Result<()> {
        self.store.close().await;
        match self.cluster {
            Some(cluster) => cluster.release().await,
            None => Ok(()),
        }
    }

    /// The clock and the dice of a deed.
    pub fn context(&self) -> Context<'_> {
        Context::new(&self.clock, &OsRandom).by(&self.operator)
    }

    /// After a great many new rows: lets the database's planner see them, so that logins stay quick.
    pub async fn rows_were_added(&self, count: usize) -> anyhow::Result<()> {
        match &self.admin_url {
            Some(url) if count >= MANY_ROWS => Ok(store::schema::refresh_statistics(url).await?),
            Some(_) | None => Ok(()),
        }
    }

    /// The tenant that was named, or the only one there is.
    pub async fn tenant(&self) -> anyhow::Result<Tenant> {
        let mut tx = self.store.system().await?;
        let mut tenants = tenants::list(&mut tx).await?;
        let names = || tenants.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>().join(", ");
        match &self.tenant_name {
            Some(name) => match tenants.iter().position(|tenant| tenant.slug == *name) {
                Some(place) => Ok(tenants.swap_remove(place)),
                None if tenants.is_empty() => bail!("there is no tenant `{name}`, and no other: `mnetifi tenant add`"),
                None => bail!("there is no tenant `{name}`: there are {}", names()),
            },
            None => match tenants.len() {
                0 => bail!("there is no tenant yet: open one with `mnetifi tenant add NAME`"),
                1 => Ok(tenants.swap_remove(0)),
                _ => bail!("several tenants are here: say which with --tenant NAME ({})", names()),
            },
        }
    }

    /// The door to a tenant's rows: whoever runs commands on the machine operates it.
    #[expect(clippy::unused_self, reason = "only who has opened the database may ask for a door")]
    pub fn scope(&self, tenant: &Tenant) -> TenantScope {
        TenantScope::of_operator(tenant.id)
    }

    /// The plan with that name.
    pub async fn plan(&self, scope: &TenantScope, name: &Slug) -> anyhow::Result<Plan> {
        let mut tx = self.store.tenant(scope).await?;
        match plans::find_by_name(&mut tx, name).await? {
            Some(plan) => Ok(plan),
            None => bail!("there is no plan `{name}`: `mnetifi plan list` shows those there are"),
        }
    }

    /// The page that was asked for.
    #[expect(clippy::unused_self, reason = "beside `say_next`, which says how to ask for the next")]
    pub fn page<Key: FromStr>(&self, paging: &Paging) -> anyhow::Result<Page<Key>> {
        match &paging.after {
            None => Ok(Page::first(paging.limit)),
            Some(key) => match key.parse() {
                Ok(key) => Ok(Page::after(key, paging.limit)),
                Err(_) => bail!("--after takes the key that the last page ended with"),
            },
        }
    }

    /// Says, beside a table, how to see the next page.
    pub fn say_next<Row, Key: ToString>(&self, page: &Listed<Row, Key>) {
        if let (Style::Table, Some(next)) = (self.style, &page.next) {
            print::aside(&format!("more follow: --after {}", next.to_string()));
        }
    }
}
