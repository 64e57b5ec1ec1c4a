//! Data keys of ISPs' secrets: adding one, sealing anew what those before it sealed, and letting go of these; and
//! wrapping all of them by another master key.
//!
//! A new key seals as soon as its transaction has committed, and no transaction is as old as an hour: so a key that has
//! had another after it for an hour, and that seals nothing, is needed by nobody.

mod columns;

use domain::id::TenantId;
use domain::time::Timestamp;
use uuid::Uuid;

pub use columns::{Resealed, SEALED, SealedColumn, reseal};

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::network::certificates::KEY_PLACE;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Adds a key to the transaction's ISP; from its commit on, everything is sealed by it. Gives the key's version.
pub async fn add(tx: &mut TenantTx, now: Timestamp) -> Result<u16, StoreError> {
    let tenant = tx.tenant_uuid();
    let newest = sqlx::query_scalar!(
        r#"select coalesce(max(version), 0) as "newest!" from tenant_keys where tenant_id = $1"#,
        tenant
    )
    .fetch_one(tx.connection())
    .await?;
    let spent = || StoreError::Bug { reason: "an ISP has had as many data keys as there are versions".to_owned() };
    let version = u16::try_from(newest + 1).map_err(|_| spent())?;
    let wrapped = tx.keyring().wrap_new_key(tx.tenant(), version)?;
    sqlx::query!(
        "insert into tenant_keys (tenant_id, version, wrapped, created_at) values ($1, $2, $3, $4)",
        tenant,
        i32::from(version),
        wrapped,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(version)
}

/// Lets go of the transaction's ISP's keys but the newest, if that was made before `since` and the others seal nothing.
/// Gives how many went.
pub async fn forget(tx: &mut TenantTx, since: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let newest = sqlx::query!(
        r#"select version, created_at as "created_at: Instant" from tenant_keys
           where tenant_id = $1
           order by version desc
           limit 1"#,
        tenant
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(newest) = newest.filter(|newest| newest.created_at.0 < since) else { return Ok(0) };
    if columns::is_anything_sealed_before(tx, newest.version).await? {
        return Ok(0);
    }
    let gone = sqlx::query!("delete from tenant_keys where tenant_id = $1 and version < $2", tenant, newest.version)
        .execute(tx.connection())
        .await?;
    Ok(gone.rows_affected())
}

/// The ISPs that have more than one key: something of theirs may be sealed by an earlier one.
pub async fn unfinished(tx: &mut SystemTx) -> Result<Vec<TenantId>, StoreError> {
    let rows = sqlx::query_scalar!("select tenant_id from tenant_keys group by tenant_id having count(*) > 1")
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(TenantId::from_uuid).collect())
}

/// What the master keys have to do with.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Wrapped {
    /// Values that the master key in force seals.
    pub by_the_one_in_force: u64,
    /// Values that an earlier one seals.
    pub by_an_earlier_one: u64,
}

/// How much each master key seals. One value that none opens is `WrongMasterKey`.
pub async fn wrapped(tx: &mut SystemTx) -> Result<Wrapped, StoreError> {
    let mut wrapped = Wrapped::default();
    for value in values(tx).await? {
        match value.anew {
            None => wrapped.by_the_one_in_force += 1,
            Some(_) => wrapped.by_an_earlier_one += 1,
        }
    }
    Ok(wrapped)
}

/// Seals by the master key in force what an earlier one sealed. Gives how many values those were.
pub async fn wrap_anew(tx: &mut SystemTx) -> Result<u64, StoreError> {
    let mut changed = 0;
    for value in values(tx).await? {
        let Some(anew) = value.anew else { continue };
        changed += 1;
        match value.of {
            Some((tenant, version)) => {
                sqlx::query!(
                    "update tenant_keys set wrapped = $3 where tenant_id = $1 and version = $2",
                    tenant,
                    version,
                    anew
                )
                .execute(tx.connection())
                .await?;
            }
            None => {
                sqlx::query!("update radsec_authority set key_sealed = $1", anew).execute(tx.connection()).await?;
            }
        }
    }
    Ok(changed)
}

/// A value that a master key seals.
struct Value {
    /// Whose data key it is; `None` for the key of our own authority.
    of: Option<(Uuid, i32)>,
    /// The same sealed by the key in force, where it is not yet.
    anew: Option<Vec<u8>>,
}

/// All of them: held until the transaction ends, so that none is taken for what it was.
async fn values(tx: &mut SystemTx) -> Result<Vec<Value>, StoreError> {
    let keyring = tx.keyring();
    keyring.read_masters_again();
    let keys =
        sqlx::query!("select tenant_id, version, wrapped from tenant_keys order by tenant_id, version for update")
            .fetch_all(tx.connection())
            .await?;
    let authority = sqlx::query_scalar!("select key_sealed from radsec_authority for update")
        .fetch_optional(tx.connection())
        .await?;
    let mut values = Vec::with_capacity(keys.len() + 1);
    for key in keys {
        let version = u16::try_from(key.version).map_err(|_| StoreError::corrupt("tenant_keys", key.tenant_id))?;
        let anew = keyring.wrap_anew(TenantId::from_uuid(key.tenant_id), version, &key.wrapped)?;
        values.push(Value { of: Some((key.tenant_id, key.version)), anew });
    }
    if let Some(sealed) = authority {
        values.push(Value { of: None, anew: keyring.seal_shared_anew(&KEY_PLACE, &sealed)? });
    }
    Ok(values)
}

/// How many keys an ISP has, and since when the newest seals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataKeys {
    /// Whose.
    pub tenant: TenantId,
    /// The newest key's version.
    pub newest: u16,
    /// Since when.
    pub since: Timestamp,
    /// Earlier ones that something may be sealed by.
    pub earlier: u64,
}

/// The keys of each ISP.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<DataKeys>, StoreError> {
    let rows = sqlx::query!(
        r#"select tenant_id, max(version) as "newest!", max(created_at) as "since!: Instant",
                  count(*) - 1 as "earlier!"
           from tenant_keys
           group by tenant_id
           order by tenant_id"#
    )
    .fetch_all(tx.connection())
    .await?;
    let keys = rows.into_iter().map(|row| {
        let newest = u16::try_from(row.newest).map_err(|_| StoreError::corrupt("tenant_keys", row.tenant_id))?;
        let tenant = TenantId::from_uuid(row.tenant_id);
        Ok(DataKeys { tenant, newest, since: row.since.0, earlier: uncounter(row.earlier) })
    });
    keys.collect()
}
