//! The records of answered questions. Written once, read when somebody asks why, let go of after some days.

use std::fmt;
use std::str::FromStr;

use domain::access::attempt::Device;
use domain::access::decision::{Decision, TraceCode};
use domain::id::{DecisionId, NasId, SessionId, TenantId};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use crate::access::holder_of;
use crate::columns::{Instant, holder_columns, integer};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Between the steps of a trail on their way into the database. A step is our own words and never holds it.
const STEP_END: char = '\u{1f}';

/// Writes one record.
pub async fn insert(tx: &mut TenantTx, decision: &Decision) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(decision)).await
}

/// Writes records. One that is there already stays as it is.
pub async fn insert_many(tx: &mut TenantTx, decisions: &[Decision]) -> Result<(), StoreError> {
    let trails: Vec<String> = decisions.iter().map(|d| d.trail.join(STEP_END.to_string().as_str())).collect();
    let holders: Vec<_> = decisions.iter().map(|d| holder_columns(d.holder)).collect();
    sqlx::query_file!(
        "sql/insert_decisions.sql",
        &decisions.iter().map(|d| d.tenant.uuid()).collect::<Vec<_>>(),
        &decisions.iter().map(|d| d.id.uuid()).collect::<Vec<_>>(),
        &decisions.iter().map(|d| d.trace.as_str()).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| Instant(d.at)).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.nas.uuid()).collect::<Vec<_>>(),
        &decisions.iter().map(|d| d.user_name.as_str()).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.device.as_str()).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.service.as_str()).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.method.as_str()).collect::<Vec<_>>() as _,
        &holders.iter().map(|(kind, _)| *kind).collect::<Vec<_>>() as _,
        &holders.iter().map(|(_, id)| *id).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.session.map(|id| id.uuid())).collect::<Vec<_>>() as _,
        &decisions.iter().map(|d| d.refusal.map(Refusal::code)).collect::<Vec<_>>() as _,
        &trails,
        &decisions.iter().map(|d| integer(d.policy_version)).collect::<Vec<_>>(),
        &decisions.iter().map(|d| d.granted.as_str()).collect::<Vec<_>>() as _,
        STEP_END.to_string(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The tenant's latest record with a trace code.
pub async fn latest_by_trace(tx: &mut TenantTx, trace: TraceCode) -> Result<Option<Decision>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        DecisionRow,
        r#"select tenant_id, id, trace, at as "at: Instant", nas_id, user_name, device, service, method, holder_kind,
                  holder_id, session_id, refusal, trail, policy_version, granted
           from decisions
           where tenant_id = $1 and trace = $2
           order by at desc
           limit 1"#,
        tenant,
        trace.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Decision::try_from)
    .transpose()
}

/// The tenant's latest record about a User-Name, as it is kept: escaped.
pub async fn latest_by_user(tx: &mut TenantTx, user_name: &str) -> Result<Option<Decision>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        DecisionRow,
        r#"select tenant_id, id, trace, at as "at: Instant", nas_id, user_name, device, service, method, holder_kind,
                  holder_id, session_id, refusal, trail, policy_version, granted
           from decisions
           where tenant_id = $1 and user_name = $2
           order by at desc
           limit 1"#,
        tenant,
        user_name,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Decision::try_from)
    .transpose()
}

/// The latest record with a trace code of any tenant: a person reads it to the operator of the machine, who
/// does not know whose customer it is.
pub async fn latest_by_trace_of_all(tx: &mut SystemTx, trace: TraceCode) -> Result<Option<Decision>, StoreError> {
    sqlx::query_as!(
        DecisionRow,
        r#"select tenant_id, id, trace, at as "at: Instant", nas_id, user_name, device, service, method, holder_kind,
                  holder_id, session_id, refusal, trail, policy_version, granted
           from decisions
           where trace = $1
           order by at desc
           limit 1"#,
        trace.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Decision::try_from)
    .transpose()
}

/// Which records are looked for. Left empty, all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Those about a User-Name, as it is kept: escaped.
    pub user: Option<String>,
    /// Those about a device.
    pub device: Option<Device>,
    /// Those of a router.
    pub nas: Option<NasId>,
    /// Only refusals.
    pub refused_only: bool,
    /// Not before this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// The place of a record in a list by time: microseconds since 1970, a dash, its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DecisionKey {
    at: Timestamp,
    id: DecisionId,
}

impl DecisionKey {
    /// The key of a record.
    pub const fn of(decision: &Decision) -> Self {
        Self { at: decision.at, id: decision.id }
    }
}

impl fmt::Display for DecisionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_micros(), self.id)
    }
}

/// The text is not the key of a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not the key of a decision")]
pub struct NotADecisionKey;

impl FromStr for DecisionKey {
    type Err = NotADecisionKey;
    fn from_str(text: &str) -> Result<Self, NotADecisionKey> {
        let (at, id) = text.split_once('-').ok_or(NotADecisionKey)?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| NotADecisionKey)?);
        Ok(Self { at, id: id.parse().map_err(|_| NotADecisionKey)? })
    }
}

/// The tenant's records that were looked for, newest first.
///
/// Quick while one of user, device, router and refusals narrows it, or the newest are wanted.
pub async fn search(
    tx: &mut TenantTx,
    search: &Search,
    page: Page<DecisionKey>,
) -> Result<Listed<Decision, DecisionKey>, StoreError> {
    let tenant = tx.tenant_uuid();
    let since = Instant(search.since.unwrap_or(Timestamp::from_micros(i64::MIN)));
    // No id is less than the first, so this is what was before `until`.
    let until = search.until.unwrap_or(Timestamp::from_micros(i64::MAX));
    let until = DecisionKey { at: until, id: DecisionId::from_uuid(Uuid::nil()) };
    let before = page.key().map_or(until, |key| until.min(*key));
    let device = search.device.as_ref().map(Device::key);
    let nas = search.nas.map(NasId::uuid);
    let (refused_only, limit) = (search.refused_only, page.limit());
    // A comparison of pairs finds the place in an index; the plain one beside it leaves out tables of other days.
    macro_rules! narrowed {
        ($narrowed:literal $(, $argument:expr)*) => {
            sqlx::query_as!(
                DecisionRow,
                r#"select tenant_id, id, trace, at as "at: Instant", nas_id, user_name, device, service, method,
                          holder_kind, holder_id, session_id, refusal, trail, policy_version, granted
                   from decisions
                   where tenant_id = $1
                     and at >= $2
                     and at <= $3
                     and (at, id) < ($3, $4) "#
                    + $narrowed
                    + " order by at desc, id desc limit $5",
                tenant,
                since as _,
                Instant(before.at) as _,
                before.id.uuid(),
                limit
                $(, $argument)*
            )
            .fetch_all(tx.connection())
            .await?
        };
    }
    // One statement per leading filter, so that each uses the index of its filter.
    let rows = match (search.user.as_deref(), device.as_deref(), nas, refused_only) {
        (Some(user), device, nas, refused_only) => narrowed!(
            "and user_name = $6
             and ($7::text is null or device = $7)
             and ($8::uuid is null or nas_id = $8)
             and (refusal is not null or not $9)",
            user,
            device,
            nas,
            refused_only
        ),
        (None, Some(device), nas, refused_only) => narrowed!(
            "and device = $6
             and ($7::uuid is null or nas_id = $7)
             and (refusal is not null or not $8)",
            device,
            nas,
            refused_only
        ),
        (None, None, Some(nas), false) => narrowed!("and nas_id = $6", nas),
        (None, None, Some(nas), true) => narrowed!("and nas_id = $6 and refusal is not null", nas),
        (None, None, None, true) => narrowed!("and refusal is not null"),
        (None, None, None, false) => narrowed!(""),
    };
    let decisions = rows.into_iter().map(Decision::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(decisions, DecisionKey::of))
}

/// Makes the tables of today and the next days, and lets go of records that are older than so many days, 1 to 400.
///
/// To be called every hour. Nothing goes on a day that was not foreseen by an earlier call: the clock may have leapt.
/// Waits at most half a second for those who write; then it is `Unavailable`.
pub async fn keep(tx: &mut SystemTx, now: Timestamp, days: u32) -> Result<(), StoreError> {
    // After days of a wrong clock there may be many records to move.
    sqlx::query!("set local statement_timeout = '10min'").execute(tx.connection()).await?;
    sqlx::query!("select keep_decisions($1, $2)", Instant(now) as _, integer(days)).execute(tx.connection()).await?;
    Ok(())
}

struct DecisionRow {
    tenant_id: Uuid,
    id: Uuid,
    trace: String,
    at: Instant,
    nas_id: Uuid,
    user_name: String,
    device: String,
    service: String,
    method: String,
    holder_kind: Option<String>,
    holder_id: Option<Uuid>,
    session_id: Option<Uuid>,
    refusal: Option<String>,
    trail: Vec<String>,
    policy_version: i32,
    granted: String,
}

impl TryFrom<DecisionRow> for Decision {
    type Error = StoreError;
    fn try_from(row: DecisionRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("decisions", row.id);
        Ok(Self {
            id: DecisionId::from_uuid(row.id),
            trace: row.trace.parse().map_err(|_| corrupt())?,
            tenant: TenantId::from_uuid(row.tenant_id),
            at: row.at.0,
            nas: NasId::from_uuid(row.nas_id),
            user_name: row.user_name,
            device: row.device,
            service: row.service,
            method: row.method,
            holder: holder_of("decisions", row.id, row.holder_kind.as_deref(), row.holder_id)?,
            session: row.session_id.map(SessionId::from_uuid),
            refusal: row.refusal.map(|code| Refusal::from_code(&code).ok_or_else(corrupt)).transpose()?,
            trail: row.trail,
            policy_version: u32::try_from(row.policy_version).map_err(|_| corrupt())?,
            granted: row.granted,
        })
    }
}
