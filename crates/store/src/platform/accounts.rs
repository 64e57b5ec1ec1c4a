//! What ISPs have with the platform: trial, paid time, locks, tiers, and what their tiers count.

use domain::id::TenantId;
use domain::platform::account::Account;
use domain::platform::life::Life;
use domain::platform::tier::{Limit, Tier};
use domain::text::Slug;
use domain::time::{Span, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::columns::{Instant, at, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

const DAY_SECONDS: i64 = 24 * 3_600;

/// The account of the transaction's ISP.
pub async fn find(tx: &mut TenantTx) -> Result<Account, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query_as!(
        AccountRow,
        r#"select t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant",
                  coalesce(t.grace_days, s.grace_days) as "grace_days!", t.locked_at as "locked_at: Instant",
                  t.locked_why, t.tier, t.next_tier, t.revision
           from tenants t
           cross join platform_settings s
           where t.id = $1"#,
        tenant,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(StoreError::Missing { what: "tenant" })?;
    let (tier, next) = (row.tier.clone(), row.next_tier.clone());
    Ok(Account {
        life: row.life(),
        tier: tier_of(tx, tier).await?,
        next_tier: tier_of(tx, next).await?,
        revision: uncounter(row.revision),
    })
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn lock(tx: &mut TenantTx) -> Result<Account, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from tenants where id = $1 for no key update", tenant)
        .fetch_optional(tx.connection())
        .await?;
    find(tx).await
}

async fn tier_of(tx: &mut TenantTx, code: Option<String>) -> Result<Option<Tier>, StoreError> {
    let Some(code) = code else { return Ok(None) };
    let slug: Slug = code.parse().map_err(|_| StoreError::corrupt("tiers", Uuid::nil()))?;
    super::tiers::find(tx, &slug).await
}

/// Only what the state follows from: for whoever asks at each request.
pub async fn life(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<Life>, StoreError> {
    let row = sqlx::query_as!(
        AccountRow,
        r#"select t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant",
                  coalesce(t.grace_days, s.grace_days) as "grace_days!", t.locked_at as "locked_at: Instant",
                  t.locked_why, t.tier, t.next_tier, t.revision
           from tenants t
           cross join platform_settings s
           where t.id = $1"#,
        tenant.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.life()))
}

/// Writes an account down as it is now: its life and its tiers.
pub async fn put(tx: &mut TenantTx, account: &Account) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let life = &account.life;
    sqlx::query!(
        "update tenants
         set trial_until = $2, paid_until = $3, locked_at = $4, locked_why = $5, tier = $6, next_tier = $7,
             revision = revision + 1
         where id = $1",
        tenant,
        Instant::of(life.trial_until) as _,
        Instant::of(life.paid_until) as _,
        Instant::of(life.locked.as_ref().map(|(at, _)| *at)) as _,
        life.locked.as_ref().map(|(_, why)| why.chars().take(LOCKED_WHY_MAX).collect::<String>()),
        account.tier.as_ref().map(|tier| tier.code.as_str()),
        account.next_tier.as_ref().map(|tier| tier.code.as_str()),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Most characters of why an ISP was locked.
pub const LOCKED_WHY_MAX: usize = 300;

/// Sets an ISP's own days of grace; `None` follows the platform's.
pub async fn set_grace(tx: &mut TenantTx, days: Option<u32>) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let days = days.map(crate::columns::integer);
    sqlx::query!("update tenants set grace_days = $2, revision = revision + 1 where id = $1", tenant, days)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// How many there are of what a tier limits. What nothing is kept of counts as none.
pub async fn count(tx: &mut TenantTx, limit: Limit) -> Result<u64, StoreError> {
    count_before(tx, limit, None).await
}

/// How many older ones there are beside something that a tier limits.
pub async fn earlier(tx: &mut TenantTx, limit: Limit, id: Uuid) -> Result<u64, StoreError> {
    count_before(tx, limit, Some(id)).await
}

async fn count_before(tx: &mut TenantTx, limit: Limit, id: Option<Uuid>) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = match limit {
        Limit::Techs => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from staff
                   where tenant_id = $1 and preset = 'technician' and state <> 'deactivated'
                     and ($2::uuid is null or id < $2)"#,
                tenant,
                id,
            )
            .fetch_one(tx.connection())
            .await?
        }
        Limit::Customers => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from subscribers
                   where tenant_id = $1 and ($2::uuid is null or id < $2)"#,
                tenant,
                id,
            )
            .fetch_one(tx.connection())
            .await?
        }
        Limit::Routers => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from nas
                   where tenant_id = $1 and retired_at is null and ($2::uuid is null or id < $2)"#,
                tenant,
                id,
            )
            .fetch_one(tx.connection())
            .await?
        }
        Limit::StorageGb => 0,
    };
    Ok(uncounter(count))
}

/// Whoever adds one of what a tier limits waits for another who is adding one: so that two do not take one place.
pub async fn hold(tx: &mut TenantTx, limit: Limit) -> Result<(), StoreError> {
    let name = format!("{} {}", limit.key(), tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name).fetch_one(tx.connection()).await?;
    Ok(())
}

/// An ISP as the platform sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overview {
    /// Which.
    pub tenant: TenantId,
    /// Its short name.
    pub slug: String,
    /// Its name as people say it.
    pub name: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// What its state follows from.
    pub life: Life,
    /// Its own days of grace.
    pub grace_days: Option<u32>,
    /// What it has bought, by its short name.
    pub tier: Option<String>,
    /// What it has afterwards.
    pub next_tier: Option<String>,
    /// Goes up with every change.
    pub revision: u64,
}

/// ISPs, newest first: all, or those in whose names a text is.
pub async fn list(
    tx: &mut SystemTx,
    text: Option<&str>,
    page: Page<TenantId>,
) -> Result<Listed<Overview, TenantId>, StoreError> {
    let rows = sqlx::query_as!(
        OverviewRow,
        r#"select t.id, t.slug, t.name, t.created_at as "created_at: Instant",
                  t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant", t.grace_days,
                  s.grace_days as platform_grace_days, t.locked_at as "locked_at: Instant", t.locked_why, t.tier,
                  t.next_tier, t.revision
           from tenants t
           cross join platform_settings s
           where not t.is_platform
             and t.id < $1
             and ($2::text is null or strpos(t.slug, $2) > 0 or strpos(lower(t.name), $2) > 0)
           order by t.id desc
           limit $3"#,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        text.map(str::to_lowercase),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(rows.into_iter().map(Overview::from).collect(), |one: &Overview| one.tenant))
}

/// The same by their short names.
pub async fn list_by_slug(
    tx: &mut SystemTx,
    text: Option<&str>,
    page: Page<String>,
) -> Result<Listed<Overview, String>, StoreError> {
    let rows = sqlx::query_as!(
        OverviewRow,
        r#"select t.id, t.slug, t.name, t.created_at as "created_at: Instant",
                  t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant", t.grace_days,
                  s.grace_days as platform_grace_days, t.locked_at as "locked_at: Instant", t.locked_why, t.tier,
                  t.next_tier, t.revision
           from tenants t
           cross join platform_settings s
           where not t.is_platform
             and t.slug > $1
             and ($2::text is null or strpos(t.slug, $2) > 0 or strpos(lower(t.name), $2) > 0)
           order by t.slug
           limit $3"#,
        page.key().map_or("", String::as_str),
        text.map(str::to_lowercase),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(rows.into_iter().map(Overview::from).collect(), |one: &Overview| one.slug.clone()))
}

/// One ISP as the platform sees it.
pub async fn overview(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<Overview>, StoreError> {
    overview_of(tx.connection(), tenant.uuid()).await
}

/// The transaction's own ISP as the platform sees it. The platform itself is none.
pub async fn own_overview(tx: &mut TenantTx) -> Result<Overview, StoreError> {
    let tenant = tx.tenant_uuid();
    overview_of(tx.connection(), tenant).await?.ok_or(StoreError::Missing { what: "tenant" })
}

async fn overview_of(connection: &mut PgConnection, tenant: Uuid) -> Result<Option<Overview>, StoreError> {
    let row = sqlx::query_as!(
        OverviewRow,
        r#"select t.id, t.slug, t.name, t.created_at as "created_at: Instant",
                  t.trial_until as "trial_until: Instant", t.paid_until as "paid_until: Instant", t.grace_days,
                  s.grace_days as platform_grace_days, t.locked_at as "locked_at: Instant", t.locked_why, t.tier,
                  t.next_tier, t.revision
           from tenants t
           cross join platform_settings s
           where not t.is_platform and t.id = $1"#,
        tenant,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Overview::from))
}

struct OverviewRow {
    id: Uuid,
    slug: String,
    name: String,
    created_at: Instant,
    trial_until: Option<Instant>,
    paid_until: Option<Instant>,
    grace_days: Option<i32>,
    platform_grace_days: i32,
    locked_at: Option<Instant>,
    locked_why: Option<String>,
    tier: Option<String>,
    next_tier: Option<String>,
    revision: i64,
}

impl From<OverviewRow> for Overview {
    fn from(row: OverviewRow) -> Self {
        let days = row.grace_days.unwrap_or(row.platform_grace_days);
        Self {
            tenant: TenantId::from_uuid(row.id),
            slug: row.slug,
            name: row.name,
            created_at: row.created_at.0,
            life: life_of(row.trial_until, row.paid_until, days, row.locked_at, row.locked_why),
            grace_days: row.grace_days.and_then(|days| u32::try_from(days).ok()),
            tier: row.tier,
            next_tier: row.next_tier,
            revision: uncounter(row.revision),
        }
    }
}

struct AccountRow {
    trial_until: Option<Instant>,
    paid_until: Option<Instant>,
    grace_days: i32,
    locked_at: Option<Instant>,
    locked_why: Option<String>,
    tier: Option<String>,
    next_tier: Option<String>,
    revision: i64,
}

impl AccountRow {
    fn life(&self) -> Life {
        life_of(self.trial_until, self.paid_until, self.grace_days, self.locked_at, self.locked_why.clone())
    }
}

/// What the state of an ISP follows from, as its columns have it.
pub(crate) fn life_of(
    trial_until: Option<Instant>,
    paid_until: Option<Instant>,
    grace_days: i32,
    locked_at: Option<Instant>,
    locked_why: Option<String>,
) -> Life {
    Life {
        trial_until: at(trial_until),
        paid_until: at(paid_until),
        grace: Span::seconds(i64::from(grace_days) * DAY_SECONDS),
        locked: at(locked_at).zip(locked_why),
    }
}
