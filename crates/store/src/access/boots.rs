//! The runs of a router, told from the numbers of its open sessions.

use domain::access::boot::{Boot, BootSeen};
use domain::id::{NasId, SessionId};
use domain::network::nas::Vendor;
use domain::time::Timestamp;

use crate::access::slots;
use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// What is known of each run of a router. None of one whose numbers say nothing.
pub async fn seen(tx: &mut TenantTx, nas: NasId) -> Result<Vec<BootSeen>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_file!("sql/runs_of_nas.sql", tenant, nas.uuid(), Vendor::Mikrotik.code())
        .fetch_all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || StoreError::corrupt("sessions", nas.uuid());
            Ok(BootSeen {
                boot: Boot::of_prefix(&row.prefix).ok_or_else(corrupt)?,
                sessions: uncounter(row.sessions),
                began_at: row.began_at.0,
                last_heard_at: row.last_heard_at.0,
                highest: u32::from_str_radix(&row.highest, 16).map_err(|_| corrupt())?,
            })
        })
        .collect()
}

/// Ends the sessions of these runs of a router where they were last heard of, and frees their places. Returns how many.
///
/// Those that were heard of at `began_at` or later stay, and so do those that another transaction is writing at this
/// moment: they are being heard of.
pub async fn close(tx: &mut TenantTx, nas: NasId, runs: &[Boot], began_at: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let prefixes: Vec<String> = runs.iter().map(|run| run.prefix()).collect();
    let closed = sqlx::query_scalar!(
        "with dead as (
             select id
             from sessions
             where tenant_id = $1
               and nas_id = $2
               and ended_at is null
               and length(acct_session_id) = 8
               and lower(left(acct_session_id, 3)) = any($3)
               and last_heard_at < $4
             order by id
             for update skip locked
         )
         update sessions s
         set state = 'closed', end_code = 'nas_restarted', ended_at = greatest(s.started_at, s.last_heard_at)
         from dead
         where s.tenant_id = $1 and s.id = dead.id
         returning s.id",
        tenant,
        nas.uuid(),
        &prefixes,
        Instant(began_at) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let closed: Vec<SessionId> = closed.into_iter().map(SessionId::from_uuid).collect();
    slots::release_many(tx, &closed).await?;
    Ok(u64::try_from(closed.len()).unwrap_or(u64::MAX))
}
