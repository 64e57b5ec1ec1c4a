//! Exceptions: one open row for each trouble, however often it is met.

use domain::id::{ExceptionId, NasId, SessionId, TenantId};
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::access::holder_of;
use crate::columns::{Instant, at, holder_columns};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Opens exceptions, or notes that they were met again: then what is wrong is told as it is now.
pub async fn open(tx: &mut TenantTx, met: &[Exception]) -> Result<(), StoreError> {
    if met.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into exceptions (
             tenant_id, id, kind, about, nas_id, session_id, holder_kind, holder_id, what, opened_at, seen_at
         )
         select $1, met.*
         from unnest(
             $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::text[],
             $10::timestamptz[], $11::timestamptz[]
         ) as met
         on conflict (tenant_id, kind, about) where resolved_at is null do update
         set seen_at = excluded.seen_at, what = excluded.what, times = exceptions.times + 1",
        tenant,
        &met.iter().map(|one| one.id.uuid()).collect::<Vec<_>>(),
        &met.iter().map(|one| one.kind.code()).collect::<Vec<_>>() as _,
        &met.iter().map(|one| one.about.as_str()).collect::<Vec<_>>() as _,
        &met.iter().map(|one| one.nas.map(|nas| nas.uuid())).collect::<Vec<_>>() as _,
        &met.iter().map(|one| one.session.map(|session| session.uuid())).collect::<Vec<_>>() as _,
        &met.iter().map(|one| holder_columns(one.holder).0).collect::<Vec<_>>() as _,
        &met.iter().map(|one| holder_columns(one.holder).1).collect::<Vec<_>>() as _,
        &met.iter().map(|one| one.what.as_str()).collect::<Vec<_>>() as _,
        &met.iter().map(|one| Instant(one.opened_at)).collect::<Vec<_>>() as _,
        &met.iter().map(|one| Instant(one.seen_at)).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Resolves the open exceptions of a kind about these things. Returns how many there were.
pub async fn resolve(
    tx: &mut TenantTx,
    kind: ExceptionKind,
    about: &[String],
    now: Timestamp,
    how: &str,
) -> Result<u64, StoreError> {
    if about.is_empty() {
        return Ok(0);
    }
    let tenant = tx.tenant_uuid();
    let resolved = sqlx::query!(
        "update exceptions
         set resolved_at = $4, resolution = $5
         where tenant_id = $1 and kind = $2 and about = any($3) and resolved_at is null",
        tenant,
        kind.code(),
        about,
        Instant(now) as _,
        how,
    )
    .execute(tx.connection())
    .await?;
    Ok(resolved.rows_affected())
}

/// Resolves an open one because a person says so. Returns what it was; `None` when there is no such open one.
pub async fn resolve_by_hand(
    tx: &mut TenantTx,
    id: ExceptionId,
    now: Timestamp,
    how: &str,
) -> Result<Option<Exception>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        ExceptionRow,
        r#"update exceptions
           set resolved_at = $3, resolution = $4
           where tenant_id = $1 and id = $2 and resolved_at is null
           returning id, kind, about, nas_id, session_id, holder_kind, holder_id, what,
                     opened_at as "opened_at: Instant", seen_at as "seen_at: Instant", times,
                     resolved_at as "resolved_at: Instant", resolution"#,
        tenant,
        id.uuid(),
        Instant(now) as _,
        how,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Exception::try_from)
    .transpose()
}

/// Resolves those of a kind whose session has ended. Returns how many there were.
pub async fn resolve_ended(tx: &mut TenantTx, kind: ExceptionKind, now: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let resolved = sqlx::query!(
        "update exceptions e
         set resolved_at = $3, resolution = 'the session has ended'
         from sessions s
         where e.tenant_id = $1
           and e.kind = $2
           and e.resolved_at is null
           and s.tenant_id = $1
           and s.id = e.session_id
           and s.ended_at is not null",
        tenant,
        kind.code(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(resolved.rows_affected())
}

/// Resolves those of a kind about routers without a live session that was asked for in vain. Returns how many there were.
pub async fn resolve_idle(tx: &mut TenantTx, kind: ExceptionKind, now: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let resolved = sqlx::query!(
        "update exceptions e
         set resolved_at = $3, resolution = 'no live session waits for the router'
         where e.tenant_id = $1
           and e.kind = $2
           and e.resolved_at is null
           and not exists (
               select from sessions s
               where s.tenant_id = $1 and s.nas_id = e.nas_id and s.ended_at is null and s.tries > 0
           )",
        tenant,
        kind.code(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(resolved.rows_affected())
}

/// The tenant's exceptions, newest first: the open ones, or all.
pub async fn list(
    tx: &mut TenantTx,
    with_resolved: bool,
    page: Page<ExceptionId>,
) -> Result<Listed<Exception, ExceptionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    let rows = sqlx::query_as!(
        ExceptionRow,
        r#"select id, kind, about, nas_id, session_id, holder_kind, holder_id, what, opened_at as "opened_at: Instant",
                  seen_at as "seen_at: Instant", times, resolved_at as "resolved_at: Instant", resolution
           from exceptions
           where tenant_id = $1 and id < $2 and (resolved_at is null or $3)
           order by id desc
           limit $4"#,
        tenant,
        before,
        with_resolved,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let exceptions = rows.into_iter().map(Exception::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(exceptions, |exception: &Exception| exception.id))
}

/// The tenants that have any open one.
pub async fn tenants_with_open(tx: &mut SystemTx) -> Result<Vec<TenantId>, StoreError> {
    let tenants = sqlx::query_scalar!("select distinct tenant_id from exceptions where resolved_at is null")
        .fetch_all(tx.connection())
        .await?;
    Ok(tenants.into_iter().map(TenantId::from_uuid).collect())
}

/// The tenant's exception with an id.
pub async fn find(tx: &mut TenantTx, id: ExceptionId) -> Result<Option<Exception>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        ExceptionRow,
        r#"select id, kind, about, nas_id, session_id, holder_kind, holder_id, what, opened_at as "opened_at: Instant",
                  seen_at as "seen_at: Instant", times, resolved_at as "resolved_at: Instant", resolution
           from exceptions
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Exception::try_from)
    .transpose()
}

/// The tenant's exceptions that were opened or resolved at that moment or later, at most `limit`, the earliest first.
pub async fn changed_since(tx: &mut TenantTx, since: Timestamp, limit: u16) -> Result<Vec<Exception>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        ExceptionRow,
        r#"select id, kind, about, nas_id, session_id, holder_kind, holder_id, what, opened_at as "opened_at: Instant",
                  seen_at as "seen_at: Instant", times, resolved_at as "resolved_at: Instant", resolution
           from exceptions
           where tenant_id = $1 and (opened_at >= $2 or resolved_at >= $2)
           order by greatest(opened_at, resolved_at), id
           limit $3"#,
        tenant,
        Instant(since) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(Exception::try_from).collect()
}

struct ExceptionRow {
    id: Uuid,
    kind: String,
    about: String,
    nas_id: Option<Uuid>,
    session_id: Option<Uuid>,
    holder_kind: Option<String>,
    holder_id: Option<Uuid>,
    what: String,
    opened_at: Instant,
    seen_at: Instant,
    times: i32,
    resolved_at: Option<Instant>,
    resolution: Option<String>,
}

impl TryFrom<ExceptionRow> for Exception {
    type Error = StoreError;
    fn try_from(row: ExceptionRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("exceptions", row.id);
        Ok(Self {
            id: ExceptionId::from_uuid(row.id),
            kind: ExceptionKind::from_code(&row.kind).ok_or_else(corrupt)?,
            nas: row.nas_id.map(NasId::from_uuid),
            session: row.session_id.map(SessionId::from_uuid),
            holder: holder_of("exceptions", row.id, row.holder_kind.as_deref(), row.holder_id)?,
            opened_at: row.opened_at.0,
            seen_at: row.seen_at.0,
            times: u32::try_from(row.times).map_err(|_| corrupt())?,
            resolved: at(row.resolved_at).zip(row.resolution),
            about: row.about,
            what: row.what,
        })
    }
}
