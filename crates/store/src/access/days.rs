//! What was used by the day: made from the hours, kept long, and what lists show of both.

use std::collections::BTreeMap;

use domain::access::facts::Holder;
use domain::id::{NasId, PlanId};
use domain::time::{Timestamp, Zone};
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Hours that are put into the days by one statement.
const HOURS_MAX: i64 = 48;

/// Puts hours that began before `before`, the beginning of a day, into the days, some at a time. Returns how many hours
/// there were.
pub async fn roll(tx: &mut TenantTx, zone: &Zone, before: Timestamp) -> Result<usize, StoreError> {
    let tenant = tx.tenant_uuid();
    let hours: Vec<Timestamp> = sqlx::query_scalar!(
        r#"select distinct hour as "hour: Instant"
           from usage_hours
           where tenant_id = $1 and not is_rolled and hour < $2
           order by 1
           limit $3"#,
        tenant,
        Instant(before) as _,
        HOURS_MAX,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(|hour| hour.0)
    .collect();
    if hours.is_empty() {
        return Ok(0);
    }
    sqlx::query_file!(
        "sql/roll_hours.sql",
        tenant,
        &hours.iter().map(|hour| Instant(*hour)).collect::<Vec<_>>() as _,
        &hours.iter().map(|hour| day_of(*hour, zone)).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await?;
    Ok(hours.len())
}

/// Lets go of hours that began before `before` and are in the days, of one hour at a time. Returns how many rows went.
pub async fn forget_hours(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let forgotten = sqlx::query!(
        "delete from usage_hours
         where tenant_id = $1
           and is_rolled
           and hour = (
               select min(hour) from usage_hours where tenant_id = $1 and hour < $2 and is_rolled
           )",
        tenant,
        Instant(before) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(forgotten.rows_affected())
}

/// Whose usage is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// A voucher's or a subscriber's.
    Holder(Holder),
    /// That of all who were on a plan.
    Plan(PlanId),
    /// That on a router.
    Router(NasId),
    /// The whole tenant's.
    Tenant,
}

impl Of {
    fn row(self, tenant: Uuid) -> (&'static str, Uuid) {
        match self {
            Self::Holder(holder) => (holder.kind(), holder.uuid()),
            Self::Plan(plan) => ("plan", plan.uuid()),
            Self::Router(nas) => ("router", nas.uuid()),
            Self::Tenant => ("tenant", tenant),
        }
    }
}

/// What was used in a stretch of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Used {
    /// The month, the day, or the hour on the tenant's wall: `2026-11`, `2026-11-21`, `2026-11-21 14:00`.
    pub when: String,
    /// Octets from the subscriber.
    pub in_octets: u64,
    /// Octets to the subscriber.
    pub out_octets: u64,
}

/// By what usage is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Days.
    Day,
    /// Months.
    Month,
}

/// What was used by the hour, newest first. Hours are kept for some weeks. The key is the hour's instant.
pub async fn hours(
    tx: &mut TenantTx,
    holder: Holder,
    zone: &Zone,
    page: Page<Timestamp>,
) -> Result<Listed<(Timestamp, Used), Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select hour as "hour: Instant",
                  least(sum(in_octets), 9223372036854775807)::bigint as "in_octets!",
                  least(sum(out_octets), 9223372036854775807)::bigint as "out_octets!"
           from usage_hours
           where tenant_id = $1 and holder_id = $2 and ($3::timestamptz is null or hour < $3)
           group by hour
           order by hour desc
           limit $4"#,
        tenant,
        holder.uuid(),
        Instant::of(page.key().copied()) as _,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let used = rows.into_iter().map(|row| {
        let when = row.hour.0.in_zone(zone).chars().take(16).collect();
        let used = Used { when, in_octets: uncounter(row.in_octets), out_octets: uncounter(row.out_octets) };
        (row.hour.0, used)
    });
    Ok(page.cut(used.collect(), |(hour, _): &(Timestamp, Used)| *hour))
}

/// What was used by the day or the month, newest first: what the days have, and what the hours have that are not in
/// them yet. The key is a row's own text.
pub async fn list(
    tx: &mut TenantTx,
    of: Of,
    by: By,
    zone: &Zone,
    page: Page<String>,
) -> Result<Listed<Used, String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let (kind, id) = of.row(tenant);
    let format = match by {
        By::Day => "YYYY-MM-DD",
        By::Month => "YYYY-MM",
    };
    let rows = sqlx::query!(
        r#"select to_char(day, $4) as "stretch!",
                  least(sum(in_octets), 9223372036854775807)::bigint as "in_octets!",
                  least(sum(out_octets), 9223372036854775807)::bigint as "out_octets!"
           from usage_days
           where tenant_id = $1 and kind = $2 and of_id = $3 and ($5::text is null or to_char(day, $4) < $5)
           group by 1
           order by 1 desc
           limit $6"#,
        tenant,
        kind,
        id,
        format,
        page.key().map(String::as_str),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut sums: BTreeMap<String, (u64, u64)> =
        rows.into_iter().map(|row| (row.stretch, (uncounter(row.in_octets), uncounter(row.out_octets)))).collect();
    for (hour, (more_in, more_out)) in not_rolled(tx, of).await? {
        let when: String = day_of(hour, zone).chars().take(format.len()).collect();
        if page.key().is_none_or(|before| when < *before) {
            let sum = sums.entry(when).or_default();
            *sum = (sum.0.saturating_add(more_in), sum.1.saturating_add(more_out));
        }
    }
    let newest_first = sums.into_iter().rev();
    let used = newest_first.map(|(when, (in_octets, out_octets))| Used { when, in_octets, out_octets });
    let used = used.take(usize::try_from(page.limit()).unwrap_or(usize::MAX)).collect();
    Ok(page.cut(used, |used: &Used| used.when.clone()))
}

/// What hours have that is not in the days yet: those of today, and what came late.
async fn not_rolled(tx: &mut TenantTx, of: Of) -> Result<Vec<(Timestamp, (u64, u64))>, StoreError> {
    let tenant = tx.tenant_uuid();
    let (holder, plan, router) = match of {
        Of::Holder(holder) => (Some(holder.uuid()), None, None),
        Of::Plan(plan) => (None, Some(plan.uuid()), None),
        Of::Router(nas) => (None, None, Some(nas.uuid())),
        Of::Tenant => (None, None, None),
    };
    let rows = sqlx::query!(
        r#"select hour as "hour: Instant",
                  least(sum(in_octets - rolled_in_octets), 9223372036854775807)::bigint as "in_octets!",
                  least(sum(out_octets - rolled_out_octets), 9223372036854775807)::bigint as "out_octets!"
           from usage_hours
           where tenant_id = $1
             and not is_rolled
             and ($2::uuid is null or holder_id = $2)
             and ($3::uuid is null or plan_id = $3)
             and ($4::uuid is null or nas_id = $4)
           group by hour"#,
        tenant,
        holder,
        plan,
        router,
    )
    .fetch_all(tx.connection())
    .await?;
    let sums = rows.into_iter().map(|row| (row.hour.0, (uncounter(row.in_octets), uncounter(row.out_octets))));
    Ok(sums.collect())
}

/// The day of an instant on the tenant's wall: `2026-11-21`.
fn day_of(at: Timestamp, zone: &Zone) -> String {
    at.in_zone(zone).chars().take(10).collect()
}
