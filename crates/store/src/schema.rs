//! The shape of the database: brings it up to date, and says whether it is.
//!
//! Migrations are embedded, go forward only, and each keeps working for the program before it.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::error::StoreError;
use crate::places;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The oldest server that can hold the schema.
const POSTGRES_LEAST: u32 = 15;
/// How long a migration waits for a lock that a running program holds, and for another migration.
const LOCK_WAIT: Duration = Duration::from_secs(20);

/// What a migration did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// Steps applied now.
    pub applied: usize,
    /// Steps that were there already.
    pub already: usize,
}

/// Brings the database up to date. Two at once wait for each other.
///
/// Takes the URL of a role that owns the database and may create roles. A database that a newer program migrated is
/// an error, and nothing is changed.
pub async fn migrate(admin_url: &str) -> Result<Migrated, StoreError> {
    let mut connection = connect(admin_url).await?;
    let already = applied(&mut connection).await?;
    MIGRATOR.run(&mut connection).await.map_err(explained)?;
    let now = applied(&mut connection).await?;
    connection.close().await?;
    Ok(Migrated { applied: now.len().saturating_sub(already.len()), already: already.len() })
}

/// The migrations that are still to be applied, as sentences. Changes nothing.
///
/// A database that a newer program migrated is an error.
pub async fn pending(admin_url: &str) -> Result<Vec<String>, StoreError> {
    let mut connection = connect(admin_url).await?;
    let applied = applied(&mut connection).await?;
    connection.close().await?;
    Ok(MIGRATOR
        .iter()
        .filter(|migration| !applied.contains_key(&migration.version))
        .map(|migration| migration.description.to_string())
        .collect())
}

/// Lets the planner see what a great many new rows look like, instead of waiting until it notices by itself.
///
/// Until then every login would read its tenant's rows from end to end. Takes the URL that migrations take.
pub async fn refresh_statistics(admin_url: &str) -> Result<(), StoreError> {
    let mut connection = connect(admin_url).await?;
    sqlx::query("analyze vouchers, subscribers, plans, plan_revisions, slots, sessions, usage_totals")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// A name that changes with every migration: two programs with the same name make the same schema.
pub fn fingerprint() -> String {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in MIGRATOR.iter().flat_map(|migration| migration.checksum.iter()) {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{sum:016x}")
}

async fn connect(url: &str) -> Result<PgConnection, StoreError> {
    let servers = places::parse(url)?;
    let options = match servers.as_slice() {
        [only] => only.clone(),
        several => several.get(places::primary(several, 0).await?).cloned().ok_or(StoreError::BadUrl)?,
    };
    let lock_wait = LOCK_WAIT.as_millis().to_string();
    let mut connection =
        options.application_name("mnetifi migrate").options([("lock_timeout", lock_wait)]).connect().await?;
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::integer").fetch_one(&mut connection).await?;
    let major = u32::try_from(version / 10_000).unwrap_or(0);
    if major < POSTGRES_LEAST {
        return Err(StoreError::OldServer { major, least: POSTGRES_LEAST });
    }
    Ok(connection)
}

/// What has been applied, by number. Refuses what this program does not know.
async fn applied(connection: &mut PgConnection) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
    let exists: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(HashMap::new());
    }
    let rows = connection.list_applied_migrations("_sqlx_migrations").await.map_err(explained)?;
    let applied: HashMap<i64, Vec<u8>> = rows.into_iter().map(|row| (row.version, row.checksum.into_owned())).collect();
    for (&version, checksum) in &applied {
        match MIGRATOR.iter().find(|migration| migration.version == version) {
            None => return Err(StoreError::NewerDatabase { version }),
            Some(ours) if *ours.checksum != **checksum => return Err(StoreError::ForeignMigration { version }),
            Some(_) => {}
        }
    }
    Ok(applied)
}

#[allow(clippy::wildcard_enum_match_arm)]
fn explained(error: MigrateError) -> StoreError {
    if let MigrateError::VersionMissing(version) = error {
        return StoreError::NewerDatabase { version };
    }
    if let MigrateError::VersionMismatch(version) = error {
        return StoreError::ForeignMigration { version };
    }
    let (cause, place) = match error {
        MigrateError::Execute(cause) => (StoreError::from(cause), String::new()),
        MigrateError::ExecuteMigration(cause, version) => (cause.into(), format!(" in migration {version}")),
        other => (StoreError::Bug { reason: other.to_string() }, String::new()),
    };
    if let StoreError::Bug { reason } = cause { StoreError::Bug { reason: reason + &place } } else { cause }
}
