//! `mnetifi platform …`: the platform itself, whose people look after all tenants; and where a command works.

use actions::platform::change_platform_settings::change_platform_settings;
use actions::platform::open_platform::{self, SLUG};
use anyhow::bail;
use domain::phone::CallingCode;
use domain::platform::settings::PlatformSettings;
use serde::Serialize;
use store::TenantScope;
use store::people::impersonations;
use store::platform::{sign_ups, tenants};

use crate::cli;
use crate::open::Opened;
use crate::print;

/// Where a command works: at a tenant, or at the platform itself.
pub struct Place {
    /// The door.
    pub scope: TenantScope,
    /// Whether it is the platform.
    pub is_platform: bool,
    /// Calling code of its people's phone numbers.
    pub calling_code: CallingCode,
}

/// The tenant that was named, or the platform when that was.
pub async fn place(opened: &Opened) -> anyhow::Result<Place> {
    if opened.tenant_name.as_ref().is_some_and(|name| name.as_str() == SLUG) {
        let mut tx = opened.store.system().await?;
        let found = sign_ups::platform(&mut tx).await?;
        tx.commit().await?;
        let Some(id) = found else { bail!("the platform is not set up yet: `mnetifi platform init` does it") };
        let scope = TenantScope::of_operator(id);
        let mut tx = opened.store.tenant(&scope).await?;
        let calling_code = tenants::own(&mut tx).await?.calling_code;
        return Ok(Place { scope, is_platform: true, calling_code });
    }
    let tenant = opened.tenant().await?;
    Ok(Place { scope: opened.scope(&tenant), is_platform: false, calling_code: tenant.calling_code })
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Platform) -> anyhow::Result<()> {
    match command {
        cli::Platform::Init => init(opened).await,
        cli::Platform::Set(set) => settle(opened, set).await,
        cli::Platform::Visits(paging) => visits(opened, &paging).await,
    }
}

async fn init(opened: &Opened) -> anyhow::Result<()> {
    let id = open_platform::open_platform(&opened.store, opened.context()).await?;
    let next = "add its owner with `mnetifi --tenant platform staff add EMAIL --user-name NAME --name NAME --role \
                platform_owner`";
    print::result(
        opened.style,
        &serde_json::json!({ "id": id.to_string() }),
        &format!("the platform is set up; {next}"),
    )
}

#[derive(Serialize)]
struct Visit {
    begun_at: String,
    until: String,
    ended_at: Option<String>,
    tenant: String,
    by: String,
    reason: String,
}

async fn visits(opened: &Opened, paging: &cli::Paging) -> anyhow::Result<()> {
    let mut tx = opened.store.system().await?;
    let page = impersonations::list_of_all(&mut tx, opened.page(paging)?).await?;
    let tenants = tenants::list(&mut tx).await?;
    tx.commit().await?;
    let slug = |id| tenants.iter().find(|one| one.id == id).map_or_else(|| id.to_string(), |one| one.slug.to_string());
    let rows: Vec<Visit> = page
        .rows
        .iter()
        .map(|visit| Visit {
            begun_at: visit.begun_at.to_string(),
            until: visit.until.to_string(),
            ended_at: visit.ended_at.map(|at| at.to_string()),
            tenant: slug(visit.tenant),
            by: visit.by_name.clone(),
            reason: visit.reason.clone(),
        })
        .collect();
    let cells = |row: &Visit| {
        let ended = row.ended_at.clone().unwrap_or_else(|| row.until.clone());
        vec![row.begun_at.clone(), ended, row.tenant.clone(), row.by.clone(), row.reason.clone()]
    };
    let header = ["BEGAN", "ENDED", "TENANT", "WHO", "WHY"];
    print::rows(opened.style, &rows, &header, cells, "the platform's people acted in no tenant's place")?;
    opened.say_next(&page);
    Ok(())
}

/// Changes what was said, leaves the rest as it is, and shows all of it.
async fn settle(opened: &Opened, set: cli::PlatformSet) -> anyhow::Result<()> {
    let cli::PlatformSet { name, trial_hours, grace_days, sign_up } = set;
    let change = move |settings: &mut PlatformSettings| {
        if let Some(name) = &name {
            settings.name = name.clone();
        }
        settings.trial_hours = trial_hours.unwrap_or(settings.trial_hours);
        settings.grace_days = grace_days.unwrap_or(settings.grace_days);
        settings.is_sign_up_open = sign_up.map_or(settings.is_sign_up_open, |switch| switch == cli::Switch::On);
    };
    let after = change_platform_settings(&opened.store, &|_| true, &change, opened.context()).await?;
    let sentence = format!(
        "`{}`: a trial lasts {} h, and {} days of grace follow what is paid for; {} sign up",
        after.name.as_str(),
        after.trial_hours,
        after.grace_days,
        if after.is_sign_up_open { "anybody may" } else { "nobody may" },
    );
    let result = serde_json::json!({
        "name": after.name.as_str(), "trial_hours": after.trial_hours, "grace_days": after.grace_days,
        "is_sign_up_open": after.is_sign_up_open,
    });
    print::result(opened.style, &result, &sentence)
}
