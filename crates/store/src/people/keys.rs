//! Keys of programs, by the SHA-256 of what proves them.

use domain::id::{KeyId, TenantId};
use domain::people::key::Key;
use domain::people::permission::Permissions;
use domain::people::role::Services;
use domain::people::staff::Zoned;
use domain::platform::life::Life;
use domain::time::{Span, Timestamp};
use uuid::Uuid;

use crate::columns::{Instant, at, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::people::roles::{permissions, texts, zone_column, zoned};
use crate::platform::accounts::life_of;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// How exactly the last use is known: it is written no more often.
const USED_TO: Span = Span::minutes(1);

/// Whose key it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUsed {
    /// The key.
    pub id: KeyId,
    /// The ISP in whose name it asks.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
    /// Where.
    pub zones: Zoned,
    /// Whether it is one of the platform itself.
    pub is_platform: bool,
    /// What the state of that ISP follows from.
    pub life: Life,
}

/// Notes that a key is used, and tells whose it is; `None` when there is none with that hash, or it was revoked or has
/// ended. The last use is written at most once a minute, and not waited for.
pub async fn touch(tx: &mut SystemTx, hash: &[u8; 32], now: Timestamp) -> Result<Option<KeyUsed>, StoreError> {
    sqlx::query("set local synchronous_commit = off").execute(tx.connection()).await?;
    // By each index on its own: an `or` of the two would walk over all keys.
    let row = sqlx::query!(
        r#"with known as (
               select tenant_id, id from api_keys where token_hash = $1
               union all
               select tenant_id, id from api_keys where before_hash = $1 and before_until > $2
           ), used as (
               update api_keys k
               set last_used_at = $2
               from known
               where k.tenant_id = known.tenant_id and k.id = known.id
                 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
                 and (k.last_used_at is null or k.last_used_at <= $3)
           )
           select k.tenant_id, k.id, k.name, k.permissions, k.services, k.zones, t.is_platform,
                  t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant",
                  coalesce(t.grace_days, ours.grace_days) as "grace_days!", t.locked_at as "locked_at: Instant",
                  t.locked_why
           from known
           join api_keys k on k.tenant_id = known.tenant_id and k.id = known.id
           join tenants t on t.id = k.tenant_id
           cross join platform_settings ours
           where k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
           limit 1"#,
        &hash[..],
        Instant(now) as _,
        Instant(now.minus(USED_TO)) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(KeyUsed {
        id: KeyId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant_id),
        name: row.name,
        permissions: permissions(&row.permissions),
        services: Services::from_code(&row.services).ok_or_else(|| StoreError::corrupt("api_keys", row.id))?,
        zones: zoned(row.zones),
        is_platform: row.is_platform,
        life: life_of(row.trial_until, row.paid_until, row.grace_days, row.locked_at, row.locked_why),
    }))
}

/// Adds a key. A name that another key in force has is a `Conflict`.
pub async fn add(tx: &mut TenantTx, key: &Key, hash: &[u8; 32]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into api_keys
             (tenant_id, id, name, token_hash, permissions, services, zones, made_by, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        key.id.uuid(),
        key.name,
        &hash[..],
        &texts(key.permissions),
        key.services.code(),
        zone_column(&key.zones) as _,
        key.made_by,
        Instant(key.made_at) as _,
        Instant::of(key.expires_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// How many keys in force the ISP has.
pub async fn count(tx: &mut TenantTx, now: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_keys
           where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)"#,
        tenant,
        Instant(now) as _,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(count))
}

/// The ISP's keys in the order in which they were made.
pub async fn list(tx: &mut TenantTx, page: Page<KeyId>) -> Result<Listed<Key, KeyId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        KeyRow,
        r#"select id, name, permissions, services, zones, made_by, made_at as "made_at: Instant",
                  rotated_at as "rotated_at: Instant", before_until as "before_until: Instant",
                  expires_at as "expires_at: Instant", last_used_at as "last_used_at: Instant",
                  revoked_at as "revoked_at: Instant", revision
           from api_keys
           where tenant_id = $1 and id > $2
           order by id
           limit $3"#,
        tenant,
        page.key().map_or(Uuid::nil(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let keys = rows.into_iter().map(Key::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(keys, |key: &Key| key.id))
}

/// The key with an id.
pub async fn find(tx: &mut TenantTx, id: KeyId) -> Result<Option<Key>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        KeyRow,
        r#"select id, name, permissions, services, zones, made_by, made_at as "made_at: Instant",
                  rotated_at as "rotated_at: Instant", before_until as "before_until: Instant",
                  expires_at as "expires_at: Instant", last_used_at as "last_used_at: Instant",
                  revoked_at as "revoked_at: Instant", revision
           from api_keys
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Key::try_from)
    .transpose()
}

/// The same, locked until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: KeyId) -> Result<Option<Key>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from api_keys where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// Gives a key another proof; the one before goes on until `earlier_until`.
pub async fn rotate(
    tx: &mut TenantTx,
    id: KeyId,
    hash: &[u8; 32],
    now: Timestamp,
    earlier_until: Timestamp,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let rotated = sqlx::query!(
        "update api_keys
         set before_hash = token_hash, before_until = $5, token_hash = $3, rotated_at = $4, revision = revision + 1
         where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        id.uuid(),
        &hash[..],
        Instant(now) as _,
        Instant(earlier_until) as _,
    )
    .execute(tx.connection())
    .await?;
    match rotated.rows_affected() {
        0 => Err(StoreError::Missing { what: "key" }),
        _ => Ok(()),
    }
}

/// Takes a key back. The first time holds.
pub async fn revoke(tx: &mut TenantTx, id: KeyId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let revoked = sqlx::query!(
        "update api_keys
         set revoked_at = $3, revision = revision + 1
         where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    match revoked.rows_affected() {
        0 => Err(StoreError::Missing { what: "key" }),
        _ => Ok(()),
    }
}

struct KeyRow {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    services: String,
    zones: Option<Vec<Uuid>>,
    made_by: String,
    made_at: Instant,
    rotated_at: Option<Instant>,
    before_until: Option<Instant>,
    expires_at: Option<Instant>,
    last_used_at: Option<Instant>,
    revoked_at: Option<Instant>,
    revision: i64,
}

impl TryFrom<KeyRow> for Key {
    type Error = StoreError;
    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: KeyId::from_uuid(row.id),
            permissions: permissions(&row.permissions),
            services: Services::from_code(&row.services).ok_or_else(|| StoreError::corrupt("api_keys", row.id))?,
            zones: zoned(row.zones),
            name: row.name,
            made_by: row.made_by,
            made_at: row.made_at.0,
            rotated_at: at(row.rotated_at),
            earlier_until: at(row.before_until),
            expires_at: at(row.expires_at),
            last_used_at: at(row.last_used_at),
            revoked_at: at(row.revoked_at),
            revision: uncounter(row.revision),
        })
    }
}
