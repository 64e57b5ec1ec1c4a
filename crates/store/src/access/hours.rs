//! What was used by the hour: on which router, on which plan, in the hours of the tenant's wall clock.
//!
//! Added to in the transaction that adds to the totals (`usage`), so that the sum of a holder's hours is its total.

use std::collections::HashMap;

use domain::access::facts::Holder;
use domain::access::usage::Recent;
use domain::id::NasId;
use domain::rate::Bytes;
use domain::time::{Period, Timestamp, Zone};
use uuid::Uuid;

use crate::columns::{Instant, counter, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Octets that somebody has used on a router, as they were heard of at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spent {
    /// Who.
    pub holder: Holder,
    /// On which router.
    pub nas: NasId,
    /// When they were heard of.
    pub at: Timestamp,
    /// Octets from the subscriber.
    pub in_octets: u64,
    /// Octets to the subscriber.
    pub out_octets: u64,
}

/// Adds what was used to its hours. Sums saturate.
pub async fn add_many(tx: &mut TenantTx, spent: &[Spent]) -> Result<(), StoreError> {
    if spent.is_empty() {
        return Ok(());
    }
    let zone = zone(tx).await?;
    let tenant = tx.tenant_uuid();
    sqlx::query_file!(
        "sql/add_hours.sql",
        tenant,
        &spent.iter().map(|one| one.holder.uuid()).collect::<Vec<_>>(),
        &spent.iter().map(|one| one.holder.kind()).collect::<Vec<_>>() as _,
        &spent.iter().map(|one| Instant(one.at.hour_start(&zone))).collect::<Vec<_>>() as _,
        &spent.iter().map(|one| one.nas.uuid()).collect::<Vec<_>>(),
        &spent.iter().map(|one| counter(one.in_octets)).collect::<Vec<_>>(),
        &spent.iter().map(|one| counter(one.out_octets)).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What somebody has used, at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UsedLately {
    /// Octets in both directions together over its whole life.
    pub total: u64,
    /// Those of the periods that are running.
    pub recent: Recent,
}

/// What these holders have used since the day, week and month began that are running at `now`, with their totals. All
/// as they stand in one moment: what is added to the one is in the other too. Those that used nothing are left out.
pub async fn recent(
    tx: &mut TenantTx,
    holders: &[Holder],
    zone: &Zone,
    now: Timestamp,
) -> Result<HashMap<Holder, UsedLately>, StoreError> {
    if holders.is_empty() {
        return Ok(HashMap::new());
    }
    let tenant = tx.tenant_uuid();
    let ids: HashMap<Uuid, Holder> = holders.iter().map(|holder| (holder.uuid(), *holder)).collect();
    let [day, week, month] = Period::ALL.map(|period| period.start(now, zone));
    let rows = sqlx::query_file!(
        "sql/recent_usage.sql",
        tenant,
        &ids.keys().copied().collect::<Vec<_>>(),
        Instant(day) as _,
        Instant(week) as _,
        Instant(month) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let used = rows.into_iter().filter_map(|row| {
        let recent = Recent {
            day: Bytes::new(uncounter(row.day)),
            week: Bytes::new(uncounter(row.week)),
            month: Bytes::new(uncounter(row.month)),
        };
        let total = uncounter(row.in_octets).saturating_add(uncounter(row.out_octets));
        Some((*ids.get(&row.holder_id)?, UsedLately { total, recent }))
    });
    Ok(used.collect())
}

/// Where the tenant's calendar runs.
pub(crate) async fn zone(tx: &mut TenantTx) -> Result<Zone, StoreError> {
    let tenant = tx.tenant_uuid();
    let zone = sqlx::query_scalar!("select zone from tenants where id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::Missing { what: "tenant" })?;
    Zone::named(&zone).map_err(|_| StoreError::corrupt("tenants", tenant))
}
