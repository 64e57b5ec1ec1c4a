//! Requests that came with a word of their own, and what was answered: so that the same request sent again is not done
//! again.

use domain::secret::SecretBytes;
use domain::time::{Span, Timestamp};
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// Most octets of an answer that are kept.
pub const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// How long an answer is kept.
pub const KEPT: Span = Span::minutes(24 * 60);

/// Rows that one request tidies away at most.
const TIDIED_MAX: i64 = 20;

/// A request with a word of its own.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub caller: [u8; 32],
    /// The word.
    pub key: &'a str,
    /// A hash of what is asked.
    pub asked: [u8; 32],
}

/// How a request stands.
#[derive(Debug)]
pub enum Begun {
    /// It is new: do it, and then [`finish`] it or [`forget`] it.
    Fresh(Uuid),
    /// It began then, and how it ended is not known: it is being worked on, or was interrupted.
    Unfinished {
        /// When.
        since: Timestamp,
    },
    /// The word came before with another request.
    Another,
    /// It was done.
    Done {
        /// The status that was answered.
        status: u16,
        /// The answer, as it was given to [`finish`].
        answer: SecretBytes,
    },
}

/// Begins a request, or tells how the one before ended. What was interrupted does not begin anew: it may have been done.
pub async fn begin(tx: &mut TenantTx, id: Uuid, asked: &Asked<'_>, now: Timestamp) -> Result<Begun, StoreError> {
    let tenant = tx.tenant_uuid();
    let Asked { caller, key, asked } = asked;
    sqlx::query!(
        "delete from idempotency_keys
         where tenant_id = $1
           and id in (select id from idempotency_keys where tenant_id = $1 and began_at < $2 limit $3)",
        tenant,
        Instant(now.minus(KEPT)) as _,
        TIDIED_MAX,
    )
    .execute(tx.connection())
    .await?;
    // A row that is in the way is taken over when it is too old to count; else it is read below.
    let taken = sqlx::query_scalar!(
        "insert into idempotency_keys as old (tenant_id, id, caller, key, asked, began_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint idempotency_keys_key do update
         set id = excluded.id, asked = excluded.asked, began_at = excluded.began_at, status = null, answer_sealed = null
         where old.began_at < $7
         returning id",
        tenant,
        id,
        &caller[..],
        key,
        &asked[..],
        Instant(now) as _,
        Instant(now.minus(KEPT)) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(id) = taken {
        return Ok(Begun::Fresh(id));
    }
    let row = sqlx::query!(
        r#"select id, asked, began_at as "began_at: Instant", status, answer_sealed
           from idempotency_keys
           where tenant_id = $1 and caller = $2 and key = $3"#,
        tenant,
        &caller[..],
        key,
    )
    .fetch_optional(tx.connection())
    .await?;
    // Forgotten between the two statements: whoever asks again finds it free.
    let Some(row) = row else { return Ok(Begun::Unfinished { since: now }) };
    if row.asked != asked {
        return Ok(Begun::Another);
    }
    let (Some(status), Some(sealed)) = (row.status, row.answer_sealed) else {
        return Ok(Begun::Unfinished { since: row.began_at.0 });
    };
    let answer = tx.unseal(&place(row.id), &sealed).await?;
    let status = u16::try_from(status).map_err(|_| StoreError::corrupt("idempotency_keys", row.id))?;
    Ok(Begun::Done { status, answer })
}

/// Keeps the answer of a request that was [`begin`]ning fresh; at most [`ANSWER_MAX_BYTES`].
pub async fn finish(tx: &mut TenantTx, id: Uuid, status: u16, answer: &SecretBytes) -> Result<(), StoreError> {
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(id), answer)?;
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update idempotency_keys set status = $3, answer_sealed = $4 where tenant_id = $1 and id = $2",
        tenant,
        id,
        i32::from(status),
        sealed,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Lets go of a request that was not done, so that it can be sent again.
pub async fn forget(tx: &mut TenantTx, id: Uuid) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("delete from idempotency_keys where tenant_id = $1 and id = $2 and status is null", tenant, id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

const fn place(id: Uuid) -> Place {
    Place::new("idempotency_keys", "answer_sealed", id)
}
