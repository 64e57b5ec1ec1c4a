//! What can go wrong with the memory, told by who must react.

use std::error::Error;

use thiserror::Error;
use uuid::Uuid;

/// Why the store could not do it. Its text and its sources never show SQL or a row's values.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is away, too busy, or two transactions stood in each other's way: try again, and until then say
    /// nothing to a NAS.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// What happened, in words.
        reason: String,
    },
    /// A row cannot be turned into what it should be. Someone must look at it.
    #[error("a row of `{table}` cannot be read: {id}")]
    Corrupt {
        /// Its table.
        table: &'static str,
        /// Its id.
        id: String,
    },
    /// The row stands against another one or against a rule of the schema.
    #[error("{what}")]
    Conflict {
        /// What stands against it, in words.
        what: &'static str,
    },
    /// The row that was to be changed is not there, or belongs to another tenant.
    #[error("the {what} does not exist")]
    Missing {
        /// What was looked for.
        what: &'static str,
    },
    /// The database was migrated by a newer program.
    #[error(
        "the database is newer than this program (it has migration {version}): install the program it was migrated \
         with, or a newer one"
    )]
    NewerDatabase {
        /// The migration that this program does not know.
        version: i64,
    },
    /// The tables or roles are not there: nobody has migrated the database, or it is another one.
    #[error("the database has not been migrated: bring it up to date first, or check its URL")]
    NotMigrated,
    /// A migration that has been applied is not the one this program has under that number.
    #[error("migration {version} of the database is not the one of this program: they come from different sources")]
    ForeignMigration {
        /// Its number.
        version: i64,
    },
    /// The server is too old.
    #[error("the database server is PostgreSQL {major}: at least {least} is needed")]
    OldServer {
        /// What it is.
        major: u32,
        /// What it should be.
        least: u32,
    },
    /// The master key is another one than the secrets were sealed with.
    #[error(
        "the master key does not open this database's secrets: give the key that was in use when they were written \
         (a restored database needs the key of its time)"
    )]
    WrongMasterKey,
    /// The address of the database cannot be read.
    #[error("the database URL cannot be read: write it as postgres://user@host:5432/name")]
    BadUrl,
    /// The login has fewer rights than it needs.
    #[error("the database refuses this login: {reason}")]
    Denied {
        /// What it refused, in words.
        reason: &'static str,
    },
    /// Cannot happen: a query does not fit its table, or a value was not checked before it came here.
    #[error("the database refused a statement of ours: {reason}")]
    Bug {
        /// The database's own code for it.
        reason: String,
    },
}

impl StoreError {
    /// Whether trying again later may help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(crate) fn corrupt(table: &'static str, id: Uuid) -> Self {
        Self::Corrupt { table, id: id.to_string() }
    }

    fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }
}

/// Whether the connection itself is gone, so that another one may do.
pub(crate) fn is_broken_connection(error: &sqlx::Error) -> bool {
    let ended_by_server =
        error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code.starts_with("57P"));
    ended_by_server || matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
}

/// The driver's errors are many and may grow; those that are not named here mean that we used it wrongly.
#[allow(clippy::wildcard_enum_match_arm)]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => of_database(database.as_ref()),
            sqlx::Error::PoolTimedOut => Self::unavailable("no connection was free in time"),
            sqlx::Error::PoolClosed => Self::unavailable("the pool was closed"),
            sqlx::Error::WorkerCrashed => Self::unavailable("the driver stopped"),
            sqlx::Error::Io(cause) => Self::unavailable(format!("connection: {cause}")),
            sqlx::Error::Tls(_) => Self::unavailable("the encrypted connection could not be made"),
            sqlx::Error::Protocol(_) => Self::unavailable("the connection broke in the middle of an answer"),
            sqlx::Error::BeginFailed => Self::unavailable("the transaction did not begin"),
            sqlx::Error::Configuration(_) => Self::BadUrl,
            sqlx::Error::RowNotFound => Self::Bug { reason: "a row that must be there is not".to_owned() },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Bug { reason: "a column's type is not the expected one".to_owned() }
            }
            other => Self::Bug { reason: kind_of(&other) },
        }
    }
}

/// The first word of an error's debug form: its variant, without its values.
fn kind_of(error: &dyn Error) -> String {
    let shown = format!("{error:?}");
    shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default().into_owned();
    if let Some(constraint) = error.constraint() {
        return of_constraint(constraint, &code);
    }
    match code.as_str() {
        "40001" | "40P01" | "55P03" => StoreError::unavailable("another transaction was in the way"),
        "57014" => StoreError::unavailable("the statement took too long"),
        "25P03" => StoreError::unavailable("the transaction stood still for too long"),
        "53300" => StoreError::unavailable("the database has no connection left"),
        // The whole database is closed to connections, as before maintenance.
        "55000" => StoreError::unavailable("the database takes no connections at the moment"),
        "3D000" => StoreError::unavailable("the database of that name does not exist"),
        "28000" | "28P01" => StoreError::Denied { reason: "wrong user or password" },
        // An unknown table, an unknown column, an unknown role to take.
        "42P01" | "42703" | "22023" => StoreError::NotMigrated,
        "42501" => StoreError::Denied { reason: "the role may not do that" },
        "25006" => StoreError::unavailable("the database is read-only at the moment"),
        other if ["08", "53", "57", "58", "XX"].iter().any(|class| other.starts_with(class)) => {
            StoreError::unavailable(format!("it answered {other}"))
        }
        other => StoreError::Bug { reason: format!("it answered {other}") },
    }
}

/// Names a violated constraint in words.
fn of_constraint(name: &str, code: &str) -> StoreError {
    let what = match name {
        // Two batches began the same session: the second try finds it.
        "sessions_open_report_key" => return StoreError::unavailable("another batch reported the same session"),
        "tenants_slug_key" => "a tenant of that name exists already",
        "branches_name_key" => "a branch of that name exists already",
        "zones_name_key" => "a zone of that name exists already",
        "zones_tenant_id_branch_id_fkey" => "the branch does not exist",
        "customers_zone_fkey" | "subscribers_zone_fkey" | "staff_zones_fkey" | "api_keys_zones_fkey" => {
            "the zone does not exist, or somebody still names it"
        }
        "sign_ups_slug_key" => "somebody is signing up with that subdomain",
        "tenants_pkey" => "a tenant with that id exists already",
        "nas_name_key" => "a NAS of that name exists already",
        "plans_tenant_id_name_key" => "a plan of that name exists already",
        "staff_email_key" => "somebody with that e-mail address exists already",
        "staff_tenant_id_user_name_key" => "somebody with that user name exists already",
        "staff_tenant_id_role_id_fkey" if code == "23503" => "the role does not exist, or somebody has it",
        "roles_name_key" => "a role of that name exists already",
        "api_keys_name_key" => "a key of that name exists already",
        "tenants_one_platform" => "the platform is set up already",
        "subscribers_username_key" => "a subscriber of that user name exists already",
        "vouchers_code_folded_key" => "a voucher with that code exists already",
        "vouchers_tenant_id_batch_id_fkey" => "the batch does not exist",
        "vouchers_tenant_id_plan_id_fkey" | "batches_tenant_id_plan_id_fkey" | "subscribers_tenant_id_plan_id_fkey" => {
            "the plan does not exist"
        }
        "subscribers_customer_fkey" | "vouchers_customer_fkey" => {
            "the customer does not exist, or something still belongs to them"
        }
        "customers_staff_fkey" => "nobody of the staff has that id",
        "plans_current_revision_fkey" | "sessions_tenant_id_plan_id_plan_revision_fkey" => {
            "the plan has no such revision"
        }
        "gateways_shortcode_key" => "a gateway with that shortcode exists already",
        "payments_reference_key" => "a payment with that reference exists already",
        "arrivals_receipt_key" => "money with that receipt is known already",
        "activations_pkey" | "ledger_entries_sale_key" => "something was given for that payment already",
        "refunds_arrival_key" => "that money goes back already",
        "wallets_not_overdrawn" => "there is not that much in the wallet",
        "sessions_tenant_id_nas_id_fkey" | "decisions_tenant_id_nas_id_fkey" => "the NAS does not exist",
        _ if code == "23503" => "it points at something that does not exist",
        _ if code == "23505" => "it exists already",
        _ => return StoreError::Bug { reason: format!("it answered {code} about `{name}`") },
    };
    StoreError::Conflict { what }
}
