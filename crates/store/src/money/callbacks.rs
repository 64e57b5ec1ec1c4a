//! Callbacks as they came: kept first, read later, forgotten after some months.

use std::net::IpAddr;

use domain::id::{CallbackId, GatewayId};
use domain::money::claim::CallbackKind;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, host};
use crate::error::StoreError;
use crate::money::shortened;
use crate::tenant_tx::TenantTx;

/// Most octets of one.
pub const BODY_MAX: usize = 16_384;

/// Callbacks of one prompt that are shown.
const OF_PROMPT_MAX: i64 = 20;

/// Callbacks that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// A callback as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callback {
    /// Its id.
    pub id: CallbackId,
    /// To which gateway's address.
    pub gateway: GatewayId,
    /// Of what kind that address is.
    pub kind: CallbackKind,
    /// The token of a prompt, where its address has one.
    pub prompt_token: Option<[u8; 16]>,
    /// What came: at most [`BODY_MAX`] octets.
    pub body: Vec<u8>,
    /// From where.
    pub source: Option<IpAddr>,
    /// When.
    pub received_at: Timestamp,
    /// How often it was tried to deal with it.
    pub tries: u32,
}

const fn code(kind: CallbackKind) -> &'static str {
    match kind {
        CallbackKind::Prompt => "prompt",
        CallbackKind::Validation => "validation",
        CallbackKind::Confirmation => "confirmation",
        CallbackKind::Result => "result",
        CallbackKind::TimedOut => "timed_out",
    }
}

/// Keeps a callback, to be read at once.
pub async fn keep(tx: &mut TenantTx, callback: &Callback) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let body = callback.body.get(..BODY_MAX).unwrap_or(&callback.body);
    sqlx::query!(
        "insert into callbacks (tenant_id, id, gateway_id, kind, prompt_token, body, source, received_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        tenant,
        callback.id.uuid(),
        callback.gateway.uuid(),
        code(callback.kind),
        callback.prompt_token.as_ref().map(|token| &token[..]),
        body,
        callback.source.map(host) as _,
        Instant(callback.received_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Those that are to be read by now, the oldest first.
pub async fn due(tx: &mut TenantTx, now: Timestamp, limit: u16) -> Result<Vec<Callback>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, gateway_id, kind, prompt_token, body, source as "source: ipnet::IpNet",
                  received_at as "received_at: Instant", tries
           from callbacks
           where tenant_id = $1 and due_at <= $2
           order by due_at, id
           limit $3"#,
        tenant,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || StoreError::corrupt("callbacks", row.id);
            let kind = CallbackKind::ALL.into_iter().find(|kind| code(*kind) == row.kind);
            Ok(Callback {
                id: CallbackId::from_uuid(row.id),
                gateway: GatewayId::from_uuid(row.gateway_id),
                kind: kind.ok_or_else(corrupt)?,
                prompt_token: row.prompt_token.and_then(|token| token.try_into().ok()),
                body: row.body,
                source: row.source.map(|net| net.addr()),
                received_at: row.received_at.0,
                tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            })
        })
        .collect()
}

/// A callback that was kept, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its id.
    pub id: CallbackId,
    /// From where it came.
    pub source: Option<IpAddr>,
    /// When.
    pub received_at: Timestamp,
    /// What it says: nothing of it is true because it says so.
    pub body: Vec<u8>,
    /// What came of it; `None` while it is to be read.
    pub outcome: Option<String>,
}

/// What came to the address of one prompt, oldest first.
pub async fn of_prompt(tx: &mut TenantTx, token: &[u8; 16]) -> Result<Vec<Kept>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, body, source as "source: ipnet::IpNet", received_at as "received_at: Instant", outcome
           from callbacks
           where tenant_id = $1 and prompt_token = $2 and prompt_token is not null
           order by received_at, id
           limit $3"#,
        tenant,
        &token[..],
        OF_PROMPT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let kept = rows.into_iter().map(|row| Kept {
        id: CallbackId::from_uuid(row.id),
        source: row.source.map(|net| net.addr()),
        received_at: row.received_at.0,
        body: row.body,
        outcome: row.outcome,
    });
    Ok(kept.collect())
}

/// It was dealt with: what came of it.
pub async fn finish(tx: &mut TenantTx, id: CallbackId, outcome: &str) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update callbacks set due_at = null, outcome = $3, tries = tries + 1 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        shortened(outcome, 300),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It cannot be dealt with yet and is read again then.
pub async fn postpone(tx: &mut TenantTx, id: CallbackId, until: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update callbacks set due_at = $3, tries = tries + 1 where tenant_id = $1 and id = $2 and due_at is not null",
        tenant,
        id.uuid(),
        Instant(until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What came of a callback; `None` while it is to be read.
pub async fn outcome(tx: &mut TenantTx, id: CallbackId) -> Result<Option<String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let outcome =
        sqlx::query_scalar!("select outcome from callbacks where tenant_id = $1 and id = $2", tenant, id.uuid())
            .fetch_optional(tx.connection())
            .await?;
    Ok(outcome.flatten())
}

/// Lets go of those that came before then and were dealt with, some at a time. Returns how many.
pub async fn forget(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!(
        "delete from callbacks
         where tenant_id = $1
           and id in (
               select id from callbacks where tenant_id = $1 and received_at < $2 and due_at is null limit $3
           )",
        tenant,
        Instant(before) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}

/// How many of the ISP's wait to be read.
pub async fn waiting(tx: &mut TenantTx) -> Result<u64, StoreError> {
    let tenant: Uuid = tx.tenant_uuid();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from callbacks where tenant_id = $1 and due_at is not null"#,
        tenant
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(crate::columns::uncounter(count))
}
