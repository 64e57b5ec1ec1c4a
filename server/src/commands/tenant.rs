//! `mnetifi tenant …`: the ISPs on this system.

use std::num::NonZeroU32;

use actions::platform::change_settings::change_settings;
use actions::platform::open_tenant::{self, NAME_MAX, NewTenant};
use anyhow::{Context as _, bail, ensure};
use domain::money::Currency;
use domain::platform::house::{Restriction, Unpaid};
use domain::platform::settings::TenantSettings;
use domain::platform::tenant::Tenant;
use domain::rate::RateLimit;
use domain::text::RouterName;
use serde::Serialize;
use store::platform::{settings, tenants};

use crate::cli::{self, Suspended, Switch};
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    tenant: String,
    name: String,
    zone: String,
    currency: String,
    calling_code: String,
    id: String,
}

impl Row {
    fn of(tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.slug.to_string(),
            name: tenant.name.clone(),
            zone: tenant.zone.name().to_owned(),
            currency: tenant.currency.code().to_owned(),
            calling_code: tenant.calling_code.as_str().to_owned(),
            id: tenant.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Tenant) -> anyhow::Result<()> {
    match command {
        cli::Tenant::Add(add) => {
            let name = add.name.unwrap_or_else(|| add.slug.to_string());
            let length = name.chars().count();
            ensure!((1..=NAME_MAX).contains(&length), "the name has {length} characters: 1 to {NAME_MAX} fit");
            if name.chars().any(char::is_control) {
                bail!("the name holds a control character: write plain text");
            }
            let new = NewTenant {
                slug: add.slug,
                name,
                zone: add.zone,
                currency: Currency::from_code(&add.currency)?,
                calling_code: add.calling_code,
            };
            let tenant = open_tenant::open_tenant(&opened.store, new, opened.context()).await?;
            let sentence = format!("opened tenant `{}`; add its routers with `mnetifi nas add`", tenant.slug);
            print::result(opened.style, &Row::of(&tenant), &sentence)
        }
        cli::Tenant::Set(set) => settle(opened, &set).await,
        cli::Tenant::Account(command) => super::account::run(opened, command).await,
        cli::Tenant::List => {
            let mut tx = opened.store.system().await?;
            let rows: Vec<Row> = tenants::list(&mut tx).await?.iter().map(Row::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["TENANT", "NAME", "ZONE", "CURRENCY", "ID"],
                |row| {
                    vec![row.tenant.clone(), row.name.clone(), row.zone.clone(), row.currency.clone(), row.id.clone()]
                },
                "no tenant yet: open one with `mnetifi tenant add NAME`",
            )
        }
    }
}

/// Changes what was said, and leaves the rest as it is.
async fn settle(opened: &Opened, set: &cli::TenantSet) -> anyhow::Result<()> {
    let mut tx = opened.store.system().await?;
    let found = tenants::find(&mut tx, set.slug.as_str()).await?;
    tx.commit().await?;
    let Some(tenant) = found else {
        bail!("there is no tenant `{}`: `mnetifi tenant list` shows those there are", set.slug)
    };
    let scope = opened.scope(&tenant);
    let mut tx = opened.store.tenant(&scope).await?;
    let before = settings::find(&mut tx).await?;
    drop(tx);
    let mut house = before.house.clone();
    house.mac_login = set.mac_login.map_or(house.mac_login, |switch| switch == Switch::On);
    let restricts = match set.suspended {
        Some(Suspended::Restrict) => true,
        Some(Suspended::Reject) => false,
        None => house.unpaid != Unpaid::Reject,
    };
    let says_terms = set.suspended_list.is_some()
        || set.suspended_pool.is_some()
        || set.suspended_rate.is_some()
        || set.suspended_timeout.is_some();
    if says_terms && !restricts {
        bail!("these are terms of those who are restricted: say also --suspended restrict");
    }
    house.unpaid = if restricts { Unpaid::Restrict(Box::new(terms(&house.unpaid, set)?)) } else { Unpaid::Reject };
    let after = TenantSettings {
        name: set.name.clone().unwrap_or_else(|| before.name.clone()),
        zone: set.zone.clone().unwrap_or_else(|| before.zone.clone()),
        house,
        session_days: set.session_days.unwrap_or(before.session_days),
        demands_totp: set.demand_totp.map_or(before.demands_totp, |switch| switch == Switch::On),
        revision: before.revision,
    };
    let is_same = |settings: &TenantSettings| settings.revision == before.revision;
    let put = |settings: &mut TenantSettings| settings.clone_from(&after);
    change_settings(&opened.store, &scope, &is_same, &put, opened.context()).await?;
    let house = &after.house;
    let mut sentence = format!(
        "tenant `{}`: PPPoE users who are suspended or have not paid are {}; devices {} by themselves",
        tenant.slug,
        if restricts { "let in to be told how to pay" } else { "refused" },
        if house.mac_login { "come back" } else { "do not come back" },
    );
    if let Some(days) = set.session_days {
        sentence.push_str(&format!("; ended sessions are kept {days} days"));
    }
    if after.demands_totp {
        sentence.push_str("; its staff must give a code beside the password");
    }
    let result = serde_json::json!({
        "tenant": tenant.slug.as_str(), "suspended": if restricts { "restrict" } else { "reject" },
        "mac_login": house.mac_login, "session_days": set.session_days, "name": after.name.as_str(),
        "zone": after.zone.name(), "demand_totp": after.demands_totp,
    });
    print::result(opened.style, &result, &sentence)
}

/// The terms as they were, with what was said now.
fn terms(before: &Unpaid, set: &cli::TenantSet) -> anyhow::Result<Restriction> {
    let named = |said: &Option<RouterName>, before: Option<RouterName>| match said {
        Some(none) if none.as_str() == "-" => None,
        Some(name) => Some(name.clone()),
        None => before,
    };
    let before = before.restriction();
    let seconds = match set.suspended_timeout {
        Some(span) => u32::try_from(span.as_seconds()).unwrap_or(u32::MAX),
        None => before.map_or(Restriction::SECONDS_DEFAULT, |terms| terms.seconds.get()),
    };
    Ok(Restriction {
        pool: named(&set.suspended_pool, before.and_then(|terms| terms.pool.clone())),
        address_list: named(&set.suspended_list, before.and_then(|terms| terms.address_list.clone())),
        rate: match set.suspended_rate {
            Some(speeds) => Some(RateLimit::flat(speeds.up, speeds.down)),
            None => before.and_then(|terms| terms.rate),
        },
        seconds: NonZeroU32::new(seconds).context("a restricted stay lasts 1 minute to 24 hours")?,
    })
}
