//! The records of answered questions. Written once, read when somebody asks why.

use domain::access::decision::{Decision, TraceCode};
use domain::id::{DecisionId, NasId, SessionId, TenantId};
use domain::refusal::Refusal;
use uuid::Uuid;

use crate::access::holder_of;
use crate::columns::{Instant, holder_columns, integer};
use crate::error::StoreError;
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
