//! Plans and their revisions. A revision is written once and never changed.

use std::str::FromStr;

use domain::id::PlanId;
use domain::money::{Currency, Money};
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::sales::plan::{DeviceCap, Plan, PlanTerms};
use domain::text::{RouterName, Slug};
use domain::time::{Duration, Period};
use uuid::Uuid;

use crate::columns::{counter, integer, uncounter};
use crate::error::StoreError;
use crate::loaded::Loaded;
use crate::tenant_tx::TenantTx;

/// The most plans of one tenant that are listed.
pub const PLANS_MAX: i64 = 1_000;

/// Adds a plan at its first revision, whatever revision the value names. A name that is taken is a `Conflict`.
pub async fn add(tx: &mut TenantTx, plan: &Plan) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into plans (tenant_id, id, name, service, current_revision) values ($1, $2, $3, $4, 1)",
        tenant,
        plan.id.uuid(),
        plan.name.as_str(),
        plan.service.code(),
    )
    .execute(tx.connection())
    .await?;
    insert_revision(tx, plan.id, 1, &plan.terms).await
}

/// Gives a plan new terms as its next revision, which it returns. What was sold under older ones follows the plan.
pub async fn revise(tx: &mut TenantTx, plan: PlanId, terms: &PlanTerms) -> Result<u32, StoreError> {
    let tenant = tx.tenant_uuid();
    let revision = sqlx::query_scalar!(
        "update plans
         set current_revision = current_revision + 1
         where tenant_id = $1 and id = $2
         returning current_revision",
        tenant,
        plan.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::Missing { what: "plan" })?;
    insert_revision(tx, plan, revision, terms).await?;
    u32::try_from(revision).map_err(|_| StoreError::corrupt("plans", plan.uuid()))
}

/// The tenant's plans by name, each at its current revision.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Plan>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_file_as!(PlanColumns, "sql/current_plans.sql", tenant, None::<&str>, None::<&[Uuid]>, PLANS_MAX)
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .map(Plan::try_from)
        .collect()
}

/// The plan with a name, at its current revision.
pub async fn find_by_name(tx: &mut TenantTx, name: &Slug) -> Result<Option<Plan>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_file_as!(PlanColumns, "sql/current_plans.sql", tenant, Some(name.as_str()), None::<&[Uuid]>, 1)
        .fetch_optional(tx.connection())
        .await?
        .map(Plan::try_from)
        .transpose()
}

/// The plan with a name, at its current revision, locked until the end of the transaction: nobody revises it meanwhile.
pub async fn lock(tx: &mut TenantTx, name: &Slug) -> Result<Option<Plan>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_scalar!("select id from plans where tenant_id = $1 and name = $2 for update", tenant, name.as_str(),)
        .fetch_optional(tx.connection())
        .await?;
    find_by_name(tx, name).await
}

/// All of the tenant's plans, or those with these ids, each at its current revision. At most [`PLANS_MAX`].
pub async fn load(tx: &mut TenantTx, ids: Option<&[PlanId]>) -> Result<Loaded<Vec<Plan>>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Option<Vec<Uuid>> = ids.map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let rows =
        sqlx::query_file_as!(PlanColumns, "sql/current_plans.sql", tenant, None::<&str>, ids.as_deref(), PLANS_MAX)
            .fetch_all(tx.connection())
            .await?;
    Ok(Loaded::parted(rows.into_iter().map(|row| (row.plan_id, Plan::try_from(row)))))
}

/// A plan as it was at one of its revisions.
pub async fn at_revision(tx: &mut TenantTx, plan: PlanId, revision: u32) -> Result<Option<Plan>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_file_as!(PlanColumns, "sql/plan_at_revision.sql", tenant, plan.uuid(), integer(revision))
        .fetch_optional(tx.connection())
        .await?
        .map(Plan::try_from)
        .transpose()
}

async fn insert_revision(tx: &mut TenantTx, plan: PlanId, revision: i32, terms: &PlanTerms) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let rate = terms.rate.as_ref();
    let burst = rate.and_then(|rate| rate.burst);
    let minimum = rate.and_then(|rate| rate.minimum);
    let bps = |speed: Option<Bps>| speed.map(|speed| counter(speed.get()));
    let (unit, count) = duration_columns(terms.duration);
    let currency = terms.price.currency();
    sqlx::query_file!(
        "sql/insert_plan_revision.sql",
        tenant,
        plan.uuid(),
        revision,
        bps(rate.map(|r| r.rate.up)),
        bps(rate.map(|r| r.rate.down)),
        bps(burst.map(|b| b.rate.up)),
        bps(burst.map(|b| b.rate.down)),
        bps(burst.map(|b| b.threshold.up)),
        bps(burst.map(|b| b.threshold.down)),
        burst.map(|b| i32::from(b.seconds.up.get())),
        burst.map(|b| i32::from(b.seconds.down.get())),
        rate.and_then(|r| r.priority).map(|p| i32::from(p.get())),
        bps(minimum.map(|m| m.up)),
        bps(minimum.map(|m| m.down)),
        i32::from(terms.device_cap.get()),
        unit,
        integer(count),
        terms.anchor.code(),
        terms.data_cap.map(|cap| counter(cap.get())),
        terms.pool.as_ref().map(RouterName::as_str),
        terms.address_list.as_ref().map(RouterName::as_str),
        terms.price.minor(),
        currency.code(),
        &texts(&terms.speed_windows),
        &texts(&terms.fair_use),
        terms.data_window.map(Period::code),
        terms.when_full.code(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Windows and steps as they are kept, each in its own words.
fn texts<Part: ToString>(parts: &[Part]) -> Vec<String> {
    parts.iter().map(ToString::to_string).collect()
}

fn parsed<Part: FromStr>(texts: &[String]) -> Option<Vec<Part>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}

const fn duration_columns(duration: Duration) -> (&'static str, u32) {
    match duration {
        Duration::Minutes(minutes) => ("minutes", minutes),
        Duration::Days(days) => ("days", days),
        Duration::Months(months) => ("months", months),
    }
}

/// A plan with the terms of one revision, as the tables hold it.
pub(crate) struct PlanColumns {
    pub(crate) plan_id: Uuid,
    pub(crate) revision: i32,
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) rate_up_bps: Option<i64>,
    pub(crate) rate_down_bps: Option<i64>,
    pub(crate) burst_up_bps: Option<i64>,
    pub(crate) burst_down_bps: Option<i64>,
    pub(crate) threshold_up_bps: Option<i64>,
    pub(crate) threshold_down_bps: Option<i64>,
    pub(crate) burst_up_seconds: Option<i32>,
    pub(crate) burst_down_seconds: Option<i32>,
    pub(crate) priority: Option<i32>,
    pub(crate) minimum_up_bps: Option<i64>,
    pub(crate) minimum_down_bps: Option<i64>,
    pub(crate) device_cap: i32,
    pub(crate) duration_unit: String,
    pub(crate) duration_count: i32,
    pub(crate) anchor: String,
    pub(crate) data_cap_bytes: Option<i64>,
    pub(crate) pool: Option<String>,
    pub(crate) address_list: Option<String>,
    pub(crate) price_minor: i64,
    pub(crate) price_currency: String,
    pub(crate) speed_windows: Vec<String>,
    pub(crate) fair_use: Vec<String>,
    pub(crate) data_window: Option<String>,
    pub(crate) when_full: String,
}

impl TryFrom<PlanColumns> for Plan {
    type Error = StoreError;
    fn try_from(row: PlanColumns) -> Result<Self, StoreError> {
        let id = row.plan_id;
        row.plan().ok_or_else(|| StoreError::corrupt("plan_revisions", id))
    }
}

impl PlanColumns {
    fn plan(self) -> Option<Plan> {
        let count = u32::try_from(self.duration_count).ok()?;
        let duration = match self.duration_unit.as_str() {
            "minutes" => Duration::Minutes(count),
            "days" => Duration::Days(count),
            "months" => Duration::Months(count),
            _ => return None,
        };
        let router_name = |name: &Option<String>| match name {
            Some(name) => name.parse::<RouterName>().ok().map(Some),
            None => Some(None),
        };
        Some(Plan {
            id: PlanId::from_uuid(self.plan_id),
            revision: u32::try_from(self.revision).ok()?,
            name: self.name.parse().ok()?,
            service: self.service.parse().ok()?,
            terms: PlanTerms {
                rate: self.rate()?,
                device_cap: DeviceCap::new(u16::try_from(self.device_cap).ok()?)?,
                duration,
                anchor: self.anchor.parse().ok()?,
                data_cap: self.data_cap_bytes.map(|bytes| Bytes::new(uncounter(bytes))),
                pool: router_name(&self.pool)?,
                address_list: router_name(&self.address_list)?,
                speed_windows: parsed(&self.speed_windows)?,
                fair_use: parsed(&self.fair_use)?,
                data_window: match &self.data_window {
                    Some(period) => Some(period.parse().ok()?),
                    None => None,
                },
                when_full: self.when_full.parse().ok()?,
                price: Money::from_minor(self.price_minor, Currency::from_code(&self.price_currency).ok()?),
            },
        })
    }

    /// `None` is a row that contradicts itself; `Some(None)` is no limit.
    fn rate(&self) -> Option<Option<RateLimit>> {
        let Some(rate) = up_down(self.rate_up_bps, self.rate_down_bps) else { return Some(None) };
        let seconds = |column: Option<i32>| BurstSeconds::new(u16::try_from(column?).ok()?);
        let burst = match up_down(self.burst_up_bps, self.burst_down_bps) {
            Some(speed) => Some(Burst {
                rate: speed,
                threshold: up_down(self.threshold_up_bps, self.threshold_down_bps)?,
                seconds: UpDown::new(seconds(self.burst_up_seconds)?, seconds(self.burst_down_seconds)?),
            }),
            None => None,
        };
        let priority = match self.priority {
            Some(priority) => Some(Priority::new(u8::try_from(priority).ok()?)?),
            None => None,
        };
        Some(Some(RateLimit { rate, burst, priority, minimum: up_down(self.minimum_up_bps, self.minimum_down_bps) }))
    }
}

fn up_down(up: Option<i64>, down: Option<i64>) -> Option<UpDown<Bps>> {
    Some(UpDown::new(Bps::new(uncounter(up?)), Bps::new(uncounter(down?))))
}
