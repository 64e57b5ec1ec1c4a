//! Which live sessions are to be looked at again, what their routers answered, and which of them are cut.
//!
//! `look_at` of a session is when somebody looks next; waking a session is setting it to now. What was told to a router
//! is written here and when a session begins, nowhere else.

use domain::access::facts::Holder;
use domain::access::order::Why;
use domain::access::session::EndCause;
use domain::access::told::Told;
use domain::id::{NasId, PlanId, SessionId, TenantId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::access::holder_of;
use crate::access::sessions::{self, StoredSession};
use crate::columns::{Instant, at, inet, integer, uncounter};
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Holders with live sessions that are to be looked at by `now`, those that wait longest first: of at most `limit`
/// sessions. Each holder comes once.
pub async fn due(tx: &mut SystemTx, now: Timestamp, limit: u32) -> Result<Vec<(TenantId, Holder)>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct tenant_id as "tenant_id!", holder_kind as "holder_kind!", holder_id as "holder_id!"
           from (
               select tenant_id, holder_kind, holder_id
               from sessions
               where ended_at is null and holder_id is not null and look_at <= $1
               order by look_at
               limit $2
           ) waiting"#,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let holder = holder_of("sessions", row.holder_id, Some(&row.holder_kind), Some(row.holder_id))?;
            Ok((TenantId::from_uuid(row.tenant_id), holder.ok_or(StoreError::corrupt("sessions", row.holder_id))?))
        })
        .collect()
}

/// How many live sessions of all tenants wait to be looked at.
pub async fn count_due(tx: &mut SystemTx, now: Timestamp) -> Result<u64, StoreError> {
    let waiting = sqlx::query_scalar!(
        r#"select count(*) as "waiting!"
           from sessions
           where ended_at is null and holder_id is not null and look_at <= $1"#,
        Instant(now) as _,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(waiting))
}

/// A live session, with what convergence knows of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveSession {
    /// The session, with what its router was told last.
    pub stored: StoredSession,
    /// When it was to be looked at.
    pub look_at: Option<Timestamp>,
    /// How often its router was asked in vain.
    pub tries: u16,
    /// Whether its router has refused to change it.
    pub has_refused: bool,
    /// When its router confirmed its end.
    pub cut_at: Option<Timestamp>,
}

/// The live sessions of these holders, in the order of their ids.
pub async fn live_of(tx: &mut TenantTx, holders: &[Holder]) -> Result<Vec<LiveSession>, StoreError> {
    let tenant = tx.tenant_uuid();
    let holders: Vec<Uuid> = holders.iter().map(|holder| holder.uuid()).collect();
    let rows = sqlx::query!(
        r#"select id, look_at as "look_at: Instant", tries, has_refused, cut_at as "cut_at: Instant"
           from sessions
           where tenant_id = $1 and holder_id = any($2) and ended_at is null"#,
        tenant,
        &holders,
    )
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<SessionId> = rows.iter().map(|row| SessionId::from_uuid(row.id)).collect();
    let mut live = Vec::with_capacity(ids.len());
    for stored in sessions::by_ids(tx, &ids).await? {
        // One that has ended between the two statements is none any more.
        if let Some(row) = rows.iter().find(|row| row.id == stored.id.uuid() && stored.session.ended_at.is_none()) {
            live.push(LiveSession {
                stored,
                look_at: at(row.look_at),
                tries: u16::try_from(row.tries).unwrap_or(u16::MAX),
                has_refused: row.has_refused,
                cut_at: at(row.cut_at),
            });
        }
    }
    live.sort_unstable_by_key(|live| live.stored.id);
    Ok(live)
}

/// When sessions were to be looked at, and when they are to be looked at next. One that was woken meanwhile stays awake.
pub async fn note_looked(
    tx: &mut TenantTx,
    looked: &[(SessionId, Option<Timestamp>, Timestamp)],
) -> Result<(), StoreError> {
    if looked.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sessions s
         set look_at = l.next
         from (
             select id, was, next
             from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as l (id, was, next)
             order by id
         ) l
         where s.tenant_id = $1 and s.id = l.id and s.look_at is not distinct from l.was",
        tenant,
        &looked.iter().map(|(id, ..)| id.uuid()).collect::<Vec<_>>(),
        &looked.iter().map(|(_, was, _)| Instant::of(*was)).collect::<Vec<_>>() as _,
        &looked.iter().map(|(.., next)| Instant(*next)).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What became of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The session.
    pub session: SessionId,
    /// What its router has been told with it.
    pub told: Option<Told>,
    /// When to look again.
    pub look_at: Timestamp,
    /// How often it was asked in vain by now.
    pub tries: u16,
    /// Whether the router has refused to change it.
    pub has_refused: bool,
    /// What it was asked, in words.
    pub asked: String,
    /// What the router answered, in words.
    pub answer: String,
    /// When.
    pub at: Timestamp,
    /// When and why it was cut.
    pub cut: Option<(Timestamp, Why)>,
}

/// Writes what became of orders. Sessions that have ended meanwhile are left alone, but for why they were cut.
pub async fn note_answers(tx: &mut TenantTx, outcomes: &[Outcome]) -> Result<(), StoreError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let told = |column: fn(&Told) -> i32| -> Vec<Option<i32>> {
        outcomes.iter().map(|outcome| outcome.told.as_ref().map(column)).collect()
    };
    sqlx::query_file!(
        "sql/note_answers.sql",
        tenant,
        &outcomes.iter().map(|outcome| outcome.session.uuid()).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.told.map(|told| told.plan.uuid())).collect::<Vec<_>>() as _,
        &told(|told| integer(told.revision)) as _,
        &told(|told| i32::from(told.speed.number())) as _,
        &outcomes.iter().map(|o| Instant::of(o.told.and_then(|told| told.until))).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|o| inet(o.told.and_then(|told| told.framed_ip))).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|outcome| Instant(outcome.look_at)).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|o| i32::from(o.tries.min(TRIES_MAX))).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.has_refused).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| outcome.answer.as_str()).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|o| Instant::of(o.cut.map(|(cut_at, _)| cut_at))).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|o| o.cut.map(|(_, why)| why.code())).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|o| Instant::of(o.told.and_then(|told| told.data_since))).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    remember(tx, outcomes).await
}

async fn remember(tx: &mut TenantTx, outcomes: &[Outcome]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into session_orders (tenant_id, session_id, at, asked, answer)
         select $1, o.session_id, o.at, o.asked, o.answer
         from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[]) as o (session_id, at, asked, answer)
         join sessions s on s.tenant_id = $1 and s.id = o.session_id
         on conflict do nothing",
        tenant,
        &outcomes.iter().map(|outcome| outcome.session.uuid()).collect::<Vec<_>>(),
        &outcomes.iter().map(|outcome| Instant(outcome.at)).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|outcome| outcome.asked.as_str()).collect::<Vec<_>>() as _,
        &outcomes.iter().map(|outcome| outcome.answer.as_str()).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a session's router was asked once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// When it answered, or was given up.
    pub at: Timestamp,
    /// What it was asked, in words.
    pub asked: String,
    /// What it answered, in words.
    pub answer: String,
}

/// The most orders of one session that are told.
pub const ORDERS_MAX: i64 = 100;

/// What a session's router was asked, the newest [`ORDERS_MAX`], in their order.
pub async fn orders_of(tx: &mut TenantTx, session: SessionId) -> Result<Vec<Asked>, StoreError> {
    let tenant = tx.tenant_uuid();
    let mut rows = sqlx::query!(
        r#"select at as "at: Instant", asked, answer
           from session_orders
           where tenant_id = $1 and session_id = $2
           order by at desc
           limit $3"#,
        tenant,
        session.uuid(),
        ORDERS_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| Asked { at: row.at.0, asked: row.asked, answer: row.answer }).collect())
}

/// Lets go of orders from before that moment. Returns how many.
pub async fn forget_orders(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let forgotten =
        sqlx::query!("delete from session_orders where tenant_id = $1 and at < $2", tenant, Instant(before) as _)
            .execute(tx.connection())
            .await?;
    Ok(forgotten.rows_affected())
}

/// The most tries that are counted.
const TRIES_MAX: u16 = 30_000;

/// Looks at the live sessions of these holders then, which cannot be looked at now.
pub async fn put_off(
    tx: &mut TenantTx,
    holders: &[Holder],
    now: Timestamp,
    until: Timestamp,
) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let put_off = sqlx::query!(
        "update sessions
         set look_at = $4
         where tenant_id = $1 and holder_id = any($2) and ended_at is null and look_at <= $3",
        tenant,
        &holders.iter().map(|holder| holder.uuid()).collect::<Vec<_>>(),
        Instant(now) as _,
        Instant(until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(put_off.rows_affected())
}

/// Wakes the live sessions of these holders. Those that are awake are marked anew: whoever looks at them at this moment
/// may not have seen what has changed.
pub async fn wake_holders(tx: &mut TenantTx, holders: &[Uuid], now: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let woken = sqlx::query!(
        "update sessions
         set look_at = least(look_at, $3) - interval '1 microsecond'
         where tenant_id = $1 and holder_id = any($2) and ended_at is null",
        tenant,
        holders,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(woken.rows_affected())
}

/// Sessions that are woken in one transaction at most.
pub const WAKE_MAX: u16 = 5_000;

/// Wakes live sessions of all who have these plans, or of all when there are none: at most [`WAKE_MAX`] of those behind
/// `after`, in the order of their ids. Returns where to go on; `None` at the end.
pub async fn wake_many(
    tx: &mut TenantTx,
    plans: Option<&[PlanId]>,
    after: Option<SessionId>,
    now: Timestamp,
) -> Result<Option<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let after = after.map_or(Uuid::nil(), |id| id.uuid());
    let plans: Option<Vec<Uuid>> = plans.map(|plans| plans.iter().map(|plan| plan.uuid()).collect());
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "select s.id
         from sessions s
         where s.tenant_id = $1
           and s.id > $2
           and s.ended_at is null
           and (
               $3::uuid[] is null
               or exists (
                   select from vouchers v where v.tenant_id = $1 and v.id = s.holder_id and v.plan_id = any($3)
               )
               or exists (
                   select from subscribers b where b.tenant_id = $1 and b.id = s.holder_id and b.plan_id = any($3)
               )
           )
         order by s.id
         limit $4",
        tenant,
        after,
        plans.as_deref(),
        i64::from(WAKE_MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    wake(tx, &ids, now).await
}

/// Wakes live sessions on these routers: at most [`WAKE_MAX`] of those behind `after`, in the order of their ids. Returns
/// where to go on; `None` at the end.
pub async fn wake_on_routers(
    tx: &mut TenantTx,
    routers: &[NasId],
    after: Option<SessionId>,
    now: Timestamp,
) -> Result<Option<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "select id
         from sessions
         where tenant_id = $1 and nas_id = any($2) and id > $3 and ended_at is null
         order by id
         limit $4",
        tenant,
        &routers.iter().map(|nas| nas.uuid()).collect::<Vec<_>>(),
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(WAKE_MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    wake(tx, &ids, now).await
}

/// Wakes the live ones of these sessions. Returns the last of them if there may be more behind it.
async fn wake(tx: &mut TenantTx, ids: &[Uuid], now: Timestamp) -> Result<Option<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sessions
         set look_at = least(look_at, $3) - interval '1 microsecond'
         where tenant_id = $1 and id = any($2) and ended_at is null",
        tenant,
        ids,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    let is_full = ids.len() >= usize::from(WAKE_MAX);
    Ok(ids.last().filter(|_| is_full).map(|id| SessionId::from_uuid(*id)))
}

/// Wakes the live sessions on these routers that were given up with that answer: their routers have been heard again.
pub async fn wake_given_up(
    tx: &mut TenantTx,
    routers: &[NasId],
    answer: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    if routers.is_empty() {
        return Ok(0);
    }
    let tenant = tx.tenant_uuid();
    let woken = sqlx::query!(
        "update sessions
         set look_at = $4
         where tenant_id = $1
           and nas_id = any($2)
           and ended_at is null
           and tries > 0
           and last_answer = $3
           and look_at > $4",
        tenant,
        &routers.iter().map(|nas| nas.uuid()).collect::<Vec<_>>(),
        answer,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(woken.rows_affected())
}

/// A session whose router has ended it, and which is not ended here yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// Whose.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
    /// What its end is.
    pub cause: EndCause,
}

/// Sessions of all tenants that their routers have ended, and of which nothing was heard since; at most `limit`.
pub async fn cut(tx: &mut SystemTx, limit: u32) -> Result<Vec<Cut>, StoreError> {
    let rows = sqlx::query!(
        r#"select tenant_id, id, cut_at as "cut_at!: Instant", cut_why
           from sessions
           where ended_at is null and cut_at is not null and last_heard_at <= cut_at
           limit $1"#,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let cut = rows.into_iter().map(|row| Cut {
        tenant: TenantId::from_uuid(row.tenant_id),
        session: SessionId::from_uuid(row.id),
        at: row.cut_at.0,
        cause: if row.cut_why.as_deref() == Some(Why::RouterGone.code()) {
            EndCause::RouterGone
        } else {
            EndCause::Cut
        },
    });
    Ok(cut.collect())
}
