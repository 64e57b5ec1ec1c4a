//! `mnetifi tenant lock|unlock|pay-until|trial|grace|tier` and `mnetifi tier …`: ISPs' accounts with the platform.

use actions::platform::account::change_tier::{self, From, Wish, change_tier};
use actions::platform::account::lock_tenant::lock_tenant;
use actions::platform::account::pay_until::pay_until;
use actions::platform::account::set_grace::set_grace;
use actions::platform::account::set_trial::set_trial;
use actions::platform::put_tier::put_tier;
use actions::platform::told::Side;
use anyhow::bail;
use domain::platform::account::Account;
use domain::platform::life::{LockedWhy, TenantState};
use domain::platform::tenant::Tenant;
use domain::platform::tier::{Entitlements, Tier};
use domain::text::Slug;
use policy::platform::lifecycle;
use policy::platform::tiers::tier_in_force;
use serde::Serialize;
use store::TenantScope;
use store::platform::tenants;
use store::platform::tiers;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    tenant: String,
    state: &'static str,
    until: Option<String>,
    tier: Option<String>,
    next_tier: Option<String>,
    price: Option<String>,
}

/// Runs a command about one tenant's account.
pub async fn run(opened: &Opened, command: cli::TenantAccount) -> anyhow::Result<()> {
    let (store, context) = (&opened.store, opened.context());
    match command {
        cli::TenantAccount::Lock(lock) => {
            let tenant = named(opened, &lock.slug).await?;
            let account = lock_tenant(store, &opened.scope(&tenant), &|_| true, Some(lock.why), context).await?;
            say(opened, &tenant, &account)
        }
        cli::TenantAccount::Unlock { slug } => {
            let tenant = named(opened, &slug).await?;
            let account = lock_tenant(store, &opened.scope(&tenant), &|_| true, None, context).await?;
            say(opened, &tenant, &account)
        }
        cli::TenantAccount::PayUntil(paid) => {
            let tenant = named(opened, &paid.slug).await?;
            let account =
                pay_until(store, &opened.scope(&tenant), &|_| true, paid.until, paid.tier.as_ref(), context).await?;
            say(opened, &tenant, &account)
        }
        cli::TenantAccount::Trial(trial) => {
            let tenant = named(opened, &trial.slug).await?;
            let account = set_trial(store, &opened.scope(&tenant), &|_| true, trial.until, context).await?;
            say(opened, &tenant, &account)
        }
        cli::TenantAccount::Grace { slug, days } => {
            let tenant = named(opened, &slug).await?;
            let account = set_grace(store, &opened.scope(&tenant), &|_| true, days, context).await?;
            let days = account.life.grace.as_seconds() / (24 * 3_600);
            print::aside(&format!("tenant `{}` may go on for {days} days after what it has paid for", tenant.slug));
            say(opened, &tenant, &account)
        }
        cli::TenantAccount::Tier(wanted) => {
            let tenant = named(opened, &wanted.slug).await?;
            let from = if wanted.at_end { From::PeriodEnd } else { From::Now };
            let wish = Wish { from, preview: wanted.preview, side: Side::Platform };
            let change_tier::Changed { account, turned } =
                change_tier(store, &opened.scope(&tenant), &|_| true, &wanted.tier, wish, context).await?;
            if let Some(turned) = turned {
                print::aside(&format!(
                    "what was left of paid time was worth {} and pays for the new tier until {}; until the end that was \
                     paid for before it would cost {} more",
                    turned.credit,
                    turned.until.in_zone(&tenant.zone),
                    turned.to_keep_end
                ));
            }
            if wanted.preview {
                print::aside("nothing was changed");
            }
            say(opened, &tenant, &account)
        }
    }
}

async fn named(opened: &Opened, slug: &Slug) -> anyhow::Result<Tenant> {
    let mut tx = opened.store.system().await?;
    let found = tenants::find(&mut tx, slug.as_str()).await?;
    tx.commit().await?;
    match found {
        Some(tenant) => Ok(tenant),
        None => bail!("there is no tenant `{slug}`: `mnetifi tenant list` shows those there are"),
    }
}

fn say(opened: &Opened, tenant: &Tenant, account: &Account) -> anyhow::Result<()> {
    let now = opened.context().now();
    let state = lifecycle::state(&account.life, now);
    let tier = tier_in_force(account, now);
    let zoned = |at: domain::time::Timestamp| at.in_zone(&tenant.zone);
    let words = match &state {
        TenantState::Trial { until } => format!("is on trial until {}", zoned(*until)),
        TenantState::Active { paid_until: Some(until) } => format!("has paid until {}", zoned(*until)),
        TenantState::Active { paid_until: None } => "is billed by nobody".to_owned(),
        TenantState::Grace { until } => format!("has not paid, and may go on until {}", zoned(*until)),
        TenantState::Locked { why: LockedWhy::TrialOver, .. } => "is locked: its trial is over".to_owned(),
        TenantState::Locked { why: LockedWhy::Unpaid, .. } => "is locked: it has not paid".to_owned(),
        TenantState::Locked { why: LockedWhy::ByPlatform(why), .. } => format!("is locked: {why}"),
    };
    let mut sentence = format!("tenant `{}` {words}", tenant.slug);
    if let Some(tier) = tier {
        sentence.push_str(&format!("; tier `{}`, {} a month", tier.code, tier.month));
    }
    if let Some(next) = account.next_tier.as_ref().filter(|next| tier.is_none_or(|tier| tier.code != next.code)) {
        sentence.push_str(&format!(", afterwards `{}`", next.code));
    }
    if state.is_locked() {
        sentence.push_str("; its customers log in and buy as before");
    }
    let row = Row {
        tenant: tenant.slug.to_string(),
        state: state.code(),
        until: state.until().map(|until| until.to_string()),
        tier: tier.map(|tier| tier.code.to_string()),
        next_tier: account.next_tier.as_ref().map(|next| next.code.to_string()),
        price: tier.map(|tier| tier.month.to_string()),
    };
    print::result(opened.style, &row, &sentence)
}

#[derive(Serialize)]
struct TierRow {
    tier: String,
    name: String,
    month: String,
    year: Option<String>,
    features: Vec<&'static str>,
    limits: Vec<String>,
    on_sale: bool,
}

impl TierRow {
    fn of(tier: &Tier) -> Self {
        Self {
            tier: tier.code.to_string(),
            name: tier.name.clone(),
            month: tier.month.to_string(),
            year: tier.year.map(|year| year.to_string()),
            features: tier.entitlements.features.iter().map(|feature| feature.key()).collect(),
            limits: tier.entitlements.limits.iter().map(|(limit, most)| format!("{limit}={most}")).collect(),
            on_sale: tier.is_on_sale,
        }
    }
}

/// Runs a command about the price book.
pub async fn run_tier(opened: &Opened, command: cli::Tier) -> anyhow::Result<()> {
    match command {
        cli::Tier::List => {
            let platform = actions::platform::open_platform::open_platform(&opened.store, opened.context()).await?;
            let mut tx = opened.store.tenant(&TenantScope::of_operator(platform)).await?;
            let rows: Vec<TierRow> = tiers::list(&mut tx, false).await?.iter().map(TierRow::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["TIER", "NAME", "A MONTH", "GIVES", "AT MOST", "ON SALE"],
                |row| {
                    vec![
                        row.tier.clone(),
                        row.name.clone(),
                        row.month.clone(),
                        row.features.join(" "),
                        if row.limits.is_empty() { "unlimited".to_owned() } else { row.limits.join(" ") },
                        if row.on_sale { "yes" } else { "no" }.to_owned(),
                    ]
                },
                "the price book is empty: `mnetifi tier set` puts a tier in",
            )
        }
        cli::Tier::Set(set) => {
            let tier = Tier {
                code: set.code,
                name: set.name,
                month: set.month,
                year: set.year,
                entitlements: Entitlements {
                    features: set.features.into_iter().collect(),
                    limits: set.limits.into_iter().collect(),
                },
                is_on_sale: !set.not_on_sale,
            };
            put_tier(&opened.store, &tier, opened.context()).await?;
            let sentence =
                format!("tier `{}` costs {} a month; who has it keeps it, on these terms", tier.code, tier.month);
            print::result(opened.style, &TierRow::of(&tier), &sentence)
        }
    }
}
