//! Stays on routers: granted by us, reported by them, kept after they have ended.

mod listing;
mod row;

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr};

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::session::{EndCause, Session, SessionState};
use domain::access::told::Told;
use domain::access::usage::{Counters, UsageRecord};
use domain::id::{NasId, SessionId};
use domain::time::Timestamp;
use uuid::Uuid;

pub use self::listing::{Filter, list};
use self::row::{SessionRow, state_columns};
use crate::access::{devices, history, slots};
use crate::columns::{Instant, counter, holder_columns, host, inet, integer, uncounter};
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// A session that has just been accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSession {
    /// Its id, which the router returns in `Class`.
    pub id: SessionId,
    /// The router.
    pub nas: NasId,
    /// Whose right it uses.
    pub holder: Option<Holder>,
    /// User-Name, escaped.
    pub user_name: String,
    /// The device.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
    /// The device's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// What its router was told when it was accepted.
    pub told: Option<Told>,
    /// Seconds between interim updates that the router was told.
    pub interim_seconds: u32,
    /// Now.
    pub started_at: Timestamp,
    /// Until when it is believed without news.
    pub lease_until: Timestamp,
}

/// A session as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// The router.
    pub nas: NasId,
    /// Whose right it uses; `None` when the name was not known.
    pub holder: Option<Holder>,
    /// User-Name, escaped.
    pub user_name: String,
    /// The device.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
    /// The router's own name for it; `None` before its first report.
    pub acct_session_id: Option<String>,
    /// The device's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// What its router was told when it was accepted. What it was told since is convergence's to know.
    pub told: Option<Told>,
    /// Where its router's reports come from, when that is not plain from the router's own row.
    pub from: Option<IpAddr>,
    /// Seconds between interim updates that the router was told.
    pub interim_seconds: Option<u32>,
    /// Until when it is believed without news.
    pub lease_until: Timestamp,
    /// What metering knows of it.
    pub session: Session,
}

impl StoredSession {
    /// Takes over what a report says of who and where it is. What was counted is metering's to say.
    pub fn hear(&mut self, record: &UsageRecord) {
        self.acct_session_id = Some(record.acct_session_id.clone());
        self.framed_ip = record.framed_ip.or(self.framed_ip);
        self.from = record.from.or(self.from);
        if record.service != AskedService::Unsaid {
            self.service = record.service;
        }
    }
}

/// What a report says of its session when it does not return our `Class`.
///
/// Two keys are equal when they name the same session of the same router; when it began is only used to tell a
/// session that has ended from a later one under the same number.
#[derive(Clone, Debug)]
pub struct ReportKey {
    /// The router.
    pub nas: NasId,
    /// Acct-Session-Id, escaped.
    pub acct_session_id: String,
    /// User-Name, escaped.
    pub user_name: String,
    /// The device.
    pub device: Device,
    /// When the session began, by what the report counts: one that ended earlier is another.
    pub began_at: Timestamp,
    /// A session whose router reported its end later than this may be the one all the same.
    pub repeats_since: Timestamp,
}

impl ReportKey {
    /// The key in a record of a session that began then.
    pub fn of(record: &UsageRecord, began_at: Timestamp, repeats_since: Timestamp) -> Self {
        Self {
            nas: record.nas,
            acct_session_id: record.acct_session_id.clone(),
            user_name: record.user_name.clone(),
            device: record.device.clone(),
            began_at,
            repeats_since,
        }
    }

    fn name(&self) -> (NasId, &str, &str, &Device) {
        (self.nas, &self.acct_session_id, &self.user_name, &self.device)
    }
}

impl PartialEq for ReportKey {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}
impl Eq for ReportKey {}
impl Hash for ReportKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

/// Writes a session that has just been accepted.
pub async fn insert_granted(tx: &mut TenantTx, new: &NewSession) -> Result<(), StoreError> {
    let granted = StoredSession {
        id: new.id,
        nas: new.nas,
        holder: new.holder,
        user_name: new.user_name.clone(),
        device: new.device.clone(),
        service: new.service,
        acct_session_id: None,
        framed_ip: new.framed_ip,
        told: new.told,
        from: None,
        interim_seconds: Some(new.interim_seconds),
        lease_until: new.lease_until,
        session: Session::begun(new.started_at),
    };
    upsert(tx, &[&granted]).await
}

/// Writes sessions that were accepted and not reported yet. Those that are there already stay as they are.
pub async fn insert_unreported(tx: &mut TenantTx, sessions: &[StoredSession]) -> Result<(), StoreError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = sessions.iter().map(|session| session.id.uuid()).collect();
    let known = sqlx::query_scalar!("select id from sessions where tenant_id = $1 and id = any($2)", tenant, &ids)
        .fetch_all(tx.connection())
        .await?;
    let new: Vec<&StoredSession> = sessions.iter().filter(|session| !known.contains(&session.id.uuid())).collect();
    upsert(tx, &new).await
}

/// Believes these sessions until then, as far as they have not ended and were not believed longer already.
pub async fn extend_leases(tx: &mut TenantTx, leases: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sessions s
         set lease_until = l.lease_until
         from unnest($2::uuid[], $3::timestamptz[]) as l (id, lease_until)
         where s.tenant_id = $1 and s.id = l.id and s.ended_at is null and s.lease_until < l.lease_until",
        tenant,
        &leases.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>(),
        &leases.iter().map(|(_, until)| Instant(*until)).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The sessions that have not ended, in the order of their ids, at most `limit` of those behind `after`.
pub async fn open(tx: &mut TenantTx, after: Option<SessionId>, limit: u32) -> Result<Vec<StoredSession>, StoreError> {
    let tenant = tx.tenant_uuid();
    let after = after.map_or(Uuid::nil(), |id| id.uuid());
    sqlx::query_file_as!(SessionRow, "sql/open_sessions.sql", tenant, after, i64::from(limit))
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(StoredSession::try_from)
        .collect()
}

/// The session with an id.
pub async fn find(tx: &mut TenantTx, id: SessionId) -> Result<Option<StoredSession>, StoreError> {
    Ok(by_ids(tx, &[id]).await?.pop())
}

/// The sessions with these ids. Ids that are not the tenant's are left out.
pub async fn by_ids(tx: &mut TenantTx, ids: &[SessionId]) -> Result<Vec<StoredSession>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_file_as!(SessionRow, "sql/sessions.sql", tenant, &ids)
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(StoredSession::try_from)
        .collect()
}

/// Which of these ids are sessions of the tenant.
pub async fn known(tx: &mut TenantTx, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!("select id from sessions where tenant_id = $1 and id = any($2)", tenant, &ids)
        .fetch_all(tx.connection())
        .await?;
    Ok(found.into_iter().map(SessionId::from_uuid).collect())
}

/// The sessions with these ids, locked in the order of their ids. Ids that are not the tenant's are left out; those that
/// ended long ago are brought back first.
pub async fn by_ids_for_update(tx: &mut TenantTx, ids: &[SessionId]) -> Result<Vec<StoredSession>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = lock(tx, ids).await?;
    let missing: Vec<SessionId> =
        ids.iter().copied().filter(|id| !found.iter().any(|session| session.id == *id)).collect();
    match history::bring_back(tx, &missing).await? {
        0 => Ok(found),
        _ => lock(tx, ids).await,
    }
}

async fn lock(tx: &mut TenantTx, ids: &[SessionId]) -> Result<Vec<StoredSession>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_file_as!(SessionRow, "sql/sessions_for_update.sql", tenant, &ids)
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(StoredSession::try_from)
        .collect()
}

/// The sessions that these reports speak of, each with its key, locked in the order of their ids.
///
/// Open ones that the router has named so before; else ended ones that the report must be about, because what it
/// counts began before they ended; else the newest that was granted to that user and device and never reported. A
/// session is given to one key alone.
pub async fn by_reports_for_update(
    tx: &mut TenantTx,
    keys: &[ReportKey],
) -> Result<Vec<(ReportKey, StoredSession)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = tx.tenant_uuid();
    let found = sqlx::query_file!(
        "sql/find_reported_sessions.sql",
        tenant,
        &keys.iter().map(|key| key.nas.uuid()).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.acct_session_id.as_str()).collect::<Vec<_>>() as _,
        &keys.iter().map(|key| key.user_name.as_str()).collect::<Vec<_>>() as _,
        &keys.iter().map(|key| key.device.key()).collect::<Vec<_>>(),
        &keys.iter().map(|key| Instant(key.began_at)).collect::<Vec<_>>() as _,
        &keys.iter().map(|key| Instant(key.repeats_since)).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut key_of: HashMap<SessionId, &ReportKey> = HashMap::new();
    for row in found {
        let key = usize::try_from(row.place - 1).ok().and_then(|place| keys.get(place));
        if let Some(key) = key {
            key_of.entry(SessionId::from_uuid(row.id)).or_insert(key);
        }
    }
    let ids: Vec<SessionId> = key_of.keys().copied().collect();
    let sessions = by_ids_for_update(tx, &ids).await?;
    Ok(sessions
        .into_iter()
        .filter_map(|session| key_of.get(&session.id).map(|key| ((*key).clone(), session)))
        .collect())
}

/// Writes sessions, new ones and changed ones.
///
/// A router uses a number again after a restart that we may not have heard of: an older open session under the same
/// number, user and device ends where it was last heard of.
pub async fn save_many(tx: &mut TenantTx, sessions: &[StoredSession]) -> Result<(), StoreError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let replaced = replaced_within(sessions);
    let ended: Vec<StoredSession> = sessions.iter().filter(|s| replaced.contains(&s.id)).map(replace).collect();
    let saved: Vec<&StoredSession> =
        sessions.iter().filter(|session| !replaced.contains(&session.id)).chain(&ended).collect();
    let open: Vec<&StoredSession> =
        saved.iter().copied().filter(|s| s.session.ended_at.is_none() && s.acct_session_id.is_some()).collect();
    end_replaced(tx, &open).await?;
    upsert(tx, &saved).await
}

/// Those of a batch that another of it replaces: open, under the same number, and begun earlier.
fn replaced_within(sessions: &[StoredSession]) -> HashSet<SessionId> {
    let mut newest: HashMap<(NasId, &str, &str, String), &StoredSession> = HashMap::new();
    let mut replaced = HashSet::new();
    for session in sessions.iter().filter(|session| session.session.ended_at.is_none()) {
        let Some(number) = session.acct_session_id.as_deref() else { continue };
        let key = (session.nas, number, session.user_name.as_str(), session.device.key());
        let Some(other) = newest.insert(key.clone(), session) else { continue };
        let age = |session: &StoredSession| (session.session.started_at, session.id);
        let (older, newer) = if age(other) > age(session) { (session, other) } else { (other, session) };
        replaced.insert(older.id);
        newest.insert(key, newer);
    }
    replaced
}

fn replace(session: &StoredSession) -> StoredSession {
    let mut ended = session.clone();
    ended.session.state = SessionState::Closed(EndCause::NasRestarted);
    ended.session.ended_at = Some(session.session.last_heard_at);
    ended
}

async fn end_replaced(tx: &mut TenantTx, open: &[&StoredSession]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sessions s
         set state = 'closed', end_code = 'nas_restarted', ended_at = s.last_heard_at
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
             as k (id, nas_id, acct_session_id, user_name, device)
         where s.tenant_id = $1
           and s.nas_id = k.nas_id
           and s.acct_session_id = k.acct_session_id
           and s.user_name = k.user_name
           and s.device = k.device
           and s.ended_at is null
           and s.id <> all($2)",
        tenant,
        &open.iter().map(|s| s.id.uuid()).collect::<Vec<_>>(),
        &open.iter().map(|s| s.nas.uuid()).collect::<Vec<_>>(),
        &open.iter().filter_map(|s| s.acct_session_id.as_deref()).collect::<Vec<_>>() as _,
        &open.iter().map(|s| s.user_name.as_str()).collect::<Vec<_>>() as _,
        &open.iter().map(|s| s.device.key()).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn upsert(tx: &mut TenantTx, sessions: &[&StoredSession]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let counted = |count: fn(&Counters) -> u64| -> Vec<i64> {
        sessions.iter().map(|s| counter(count(&s.session.counted))).collect()
    };
    let last = |count: fn(&Counters) -> u64| -> Vec<i64> {
        sessions.iter().map(|s| counter(count(&s.session.last_reading))).collect()
    };
    let saved = sqlx::query_file!(
        "sql/save_sessions.sql",
        tenant,
        &sessions.iter().map(|s| s.id.uuid()).collect::<Vec<_>>(),
        &sessions.iter().map(|s| s.nas.uuid()).collect::<Vec<_>>(),
        &sessions.iter().map(|s| holder_columns(s.holder).0).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| holder_columns(s.holder).1).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.user_name.as_str()).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.device.key()).collect::<Vec<_>>(),
        &sessions.iter().map(|s| s.service.code()).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.acct_session_id.as_deref()).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| inet(s.framed_ip)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.told.map(|told| told.plan.uuid())).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.told.map(|told| integer(told.revision))).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.told.map_or(0, |told| i16::from(told.speed.number()))).collect::<Vec<_>>(),
        &sessions.iter().map(|s| Instant::of(s.told.and_then(|told| told.until))).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| inet(s.told.and_then(|told| told.framed_ip))).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.from.map(host)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| s.interim_seconds.map(integer)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| state_columns(s.session.state).0).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| state_columns(s.session.state).1).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| state_columns(s.session.state).2).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| Instant(s.session.started_at)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| Instant(s.session.last_heard_at)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| Instant::of(s.session.ended_at)).collect::<Vec<_>>() as _,
        &sessions.iter().map(|s| Instant(s.lease_until)).collect::<Vec<_>>() as _,
        &counted(|c| c.in_octets),
        &counted(|c| c.out_octets),
        &counted(|c| c.in_packets),
        &counted(|c| c.out_packets),
        &counted(|c| c.seconds),
        &last(|c| c.in_octets),
        &last(|c| c.out_octets),
        &last(|c| c.in_packets),
        &last(|c| c.out_packets),
        &last(|c| c.seconds),
        &sessions.iter().map(|s| Instant::of(s.told.and_then(|told| told.data_since))).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let new: HashSet<Uuid> = saved.into_iter().filter(|row| row.is_new).map(|row| row.id).collect();
    if new.is_empty() {
        return Ok(());
    }
    let begun: Vec<&StoredSession> = sessions.iter().copied().filter(|s| new.contains(&s.id.uuid())).collect();
    devices::remember(tx, &begun).await
}

/// Ends all sessions of a router that began before it restarted, and frees their places. Returns how many.
pub async fn close_all_of_nas(tx: &mut TenantTx, nas: NasId, restarted_at: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let closed = sqlx::query_scalar!(
        "with open as (
             select id
             from sessions
             where tenant_id = $1 and nas_id = $2 and ended_at is null and started_at <= $3
             order by id
             for update
         )
         update sessions s
         set state = 'closed', end_code = 'nas_restarted', ended_at = $3
         from open
         where s.tenant_id = $1 and s.id = open.id
         returning s.id",
        tenant,
        nas.uuid(),
        Instant(restarted_at) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    release(tx, closed).await
}

/// Ends sessions whose lease is over, at most `limit`, where they were last heard of, and frees their places. Returns
/// how many. Those that another transaction is writing at this moment are left for the next time.
pub async fn close_overdue(tx: &mut TenantTx, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let closed = sqlx::query_scalar!(
        "with overdue as (
             select id
             from sessions
             where tenant_id = $1 and ended_at is null and lease_until <= $2
             order by lease_until
             limit $3
             for update skip locked
         )
         update sessions s
         set state = 'closed', end_code = 'lease_ended', ended_at = s.last_heard_at
         from overdue
         where s.tenant_id = $1 and s.id = overdue.id
         returning s.id",
        tenant,
        Instant(now) as _,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    release(tx, closed).await
}

/// Ends sessions that their routers have ended because we asked, and frees their places. Returns how many.
pub async fn close_cut(tx: &mut TenantTx, cut: &[(SessionId, EndCause)]) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let closed = sqlx::query_scalar!(
        "with cut as (
             select s.id, c.code
             from sessions s
             join unnest($2::uuid[], $3::text[]) as c (id, code) on c.id = s.id
             where s.tenant_id = $1 and s.ended_at is null and s.last_heard_at <= s.cut_at
             order by s.id
             for update of s
         )
         update sessions s
         set state = 'closed', end_code = cut.code, ended_at = s.cut_at
         from cut
         where s.tenant_id = $1 and s.id = cut.id
         returning s.id",
        tenant,
        &cut.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>(),
        &cut.iter().map(|(_, cause)| cause.code()).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    release(tx, closed).await
}

async fn release(tx: &mut TenantTx, closed: Vec<Uuid>) -> Result<u64, StoreError> {
    let closed: Vec<SessionId> = closed.into_iter().map(SessionId::from_uuid).collect();
    slots::release_many(tx, &closed).await?;
    Ok(u64::try_from(closed.len()).unwrap_or(u64::MAX))
}

/// How many sessions of all tenants are online as their routers report them, for metrics.
pub async fn count_open(tx: &mut SystemTx) -> Result<u64, StoreError> {
    let open =
        sqlx::query_scalar!(r#"select count(*) as "open!" from sessions where ended_at is null and state = 'open'"#)
            .fetch_one(tx.connection())
            .await?;
    Ok(uncounter(open))
}
