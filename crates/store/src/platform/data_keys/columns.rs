//! The columns of sealed values, and sealing them anew.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::error::StoreError;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// The most values that are sealed anew in one transaction.
const BATCH: i64 = 500;

/// A column of sealed values of ISPs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealedColumn {
    /// Its table, whose rows have an `id`.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
}

/// All of them. A test holds it against the database.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "nas", column: "secret_sealed" },
    SealedColumn { table: "subscribers", column: "password_sealed" },
    SealedColumn { table: "customers", column: "identity_sealed" },
    SealedColumn { table: "staff", column: "totp_sealed" },
    SealedColumn { table: "jobs", column: "payload_sealed" },
    SealedColumn { table: "webhooks", column: "secret_sealed" },
    SealedColumn { table: "gateways", column: "keys_sealed" },
    SealedColumn { table: "message_settings", column: "keys_sealed" },
    SealedColumn { table: "messages", column: "text_sealed" },
    SealedColumn { table: "idempotency_keys", column: "answer_sealed" },
];

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Resealed {
    /// Sealed by the newest key now.
    pub values: u64,
    /// Values that no key opens: they were changed or moved by hand, and are left alone.
    pub unreadable: u64,
    /// Where to go on; `None` once the column is through.
    pub next: Option<Uuid>,
}

/// Seals a batch of a column by the newest key, for rows after that one. What was changed meanwhile is left as it is
/// now: whoever changed it sealed it.
pub async fn reseal(tx: &mut TenantTx, of: SealedColumn, after: Option<Uuid>) -> Result<Resealed, StoreError> {
    let keys = tx.sealing_keys().await?;
    let keyring = tx.keyring();
    let (tenant, newest) = (tx.tenant_uuid(), i32::from(keys.newest()));
    let SealedColumn { table, column } = of;
    let fetch = format!(
        "select id, {column} from {table}
         where tenant_id = $1 and id > $2 and {}
         order by id
         limit $4",
        sealed_by_another(column, "$3")
    );
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(fetch))
        .bind(tenant)
        .bind(after.unwrap_or(Uuid::nil()))
        .bind(newest)
        .bind(BATCH)
        .fetch_all(tx.connection())
        .await?;
    let is_last = rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
    let mut done = Resealed { next: rows.last().map(|(id, _)| *id).filter(|_| !is_last), ..Resealed::default() };
    let (mut ids, mut befores, mut afters) = (Vec::new(), Vec::new(), Vec::new());
    for (id, before) in rows {
        let place = Place::new(table, column, id);
        match keys.open(&place, &before) {
            Ok(clear) => {
                afters.push(keys.seal(&keyring, &place, &clear)?);
                ids.push(id);
                befores.push(before);
            }
            Err(_) => done.unreadable += 1,
        }
    }
    let write = format!(
        "update {table} sealed
         set {column} = anew.after
         from unnest($2::uuid[], $3::bytea[], $4::bytea[]) anew (id, before, after)
         where sealed.tenant_id = $1 and sealed.id = anew.id and sealed.{column} = anew.before"
    );
    let written = sqlx::query(AssertSqlSafe(write))
        .bind(tenant)
        .bind(&ids)
        .bind(&befores)
        .bind(&afters)
        .execute(tx.connection())
        .await?;
    done.values = written.rows_affected();
    Ok(done)
}

/// Whether any key of the transaction's ISP but this one seals something.
pub(super) async fn is_anything_sealed_before(tx: &mut TenantTx, newest: i32) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    for SealedColumn { table, column } in SEALED {
        let by_another = sealed_by_another(column, "$2");
        let look = format!("select exists (select 1 from {table} where tenant_id = $1 and {by_another})");
        let found: bool =
            sqlx::query_scalar(AssertSqlSafe(look)).bind(tenant).bind(newest).fetch_one(tx.connection()).await?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// That a value is there and another key than this parameter sealed it: octets two and three are the key's version.
fn sealed_by_another(column: &str, parameter: &str) -> String {
    format!("{column} is not null and get_byte({column}, 1) * 256 + get_byte({column}, 2) <> {parameter}")
}
