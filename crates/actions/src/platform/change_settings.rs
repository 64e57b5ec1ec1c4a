//! Changes what an ISP has settled for itself. In force within a second, also for who is online.

use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::house::{HouseRules, RestrictionFault};
use domain::platform::settings::TenantSettings;
use store::platform::{audit, settings};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum ChangeSettingsError {
    /// Terms that restrict nobody.
    #[error(transparent)]
    House(RestrictionFault),
    /// Too few or too many days.
    #[error("ended sessions are kept for {} to {} days: the law wants the fewest, and nobody's data is kept for ever",
        TenantSettings::SESSION_DAYS.start(), TenantSettings::SESSION_DAYS.end())]
    SessionDays,
    /// Somebody else has changed them meanwhile.
    #[error("somebody else has changed the settings meanwhile: read them again")]
    ChangedMeanwhile,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes them. `change` is given those that hold at that moment; `is_meant`: whether they
/// are meant as they are then.
pub async fn change_settings(
    store: &Store,
    scope: &TenantScope,
    is_meant: &(dyn Fn(&TenantSettings) -> bool + Send + Sync),
    change: &(dyn Fn(&mut TenantSettings) + Send + Sync),
    context: Context<'_>,
) -> Result<TenantSettings, ChangeSettingsError> {
    let mut tx = store.tenant(scope).await?;
    let before = settings::lock(&mut tx).await?;
    if !is_meant(&before) {
        return Err(ChangeSettingsError::ChangedMeanwhile);
    }
    let mut after = before.clone();
    change(&mut after);
    if !TenantSettings::SESSION_DAYS.contains(&after.session_days) {
        return Err(ChangeSettingsError::SessionDays);
    }
    if let Some(fault) = after.house.unpaid.restriction().and_then(|terms| terms.fault()) {
        return Err(ChangeSettingsError::House(fault));
    }
    let changes = differences(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    settings::put(&mut tx, &after).await?;
    let thing = Thing::Tenant(tx.tenant());
    audit::note(&mut tx, &[context.audit(Verb::ChangeSettings, thing, changes)]).await?;
    tx.commit().await?;
    after.revision = before.revision.saturating_add(1);
    Ok(after)
}

fn differences(before: &TenantSettings, after: &TenantSettings) -> Vec<Change> {
    in_words(before)
        .into_iter()
        .zip(in_words(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change::of(what, before, after))
        .collect()
}

fn in_words(settings: &TenantSettings) -> [(&'static str, Option<String>); 10] {
    let HouseRules { mac_login, unpaid } = &settings.house;
    let terms = unpaid.restriction();
    [
        ("name", Some(settings.name.as_str().to_owned())),
        ("zone", Some(settings.zone.name().to_owned())),
        ("session_days", Some(settings.session_days.to_string())),
        ("demands_totp", Some(settings.demands_totp.to_string())),
        ("mac_login", Some(mac_login.to_string())),
        ("unpaid", Some(if terms.is_some() { "restrict" } else { "reject" }.to_owned())),
        ("unpaid_pool", terms.and_then(|terms| terms.pool.as_ref()).map(|pool| pool.as_str().to_owned())),
        ("unpaid_list", terms.and_then(|terms| terms.address_list.as_ref()).map(|list| list.as_str().to_owned())),
        ("unpaid_rate", terms.and_then(|terms| terms.rate.as_ref()).map(|rate| rate.rate.to_string())),
        ("unpaid_seconds", terms.map(|terms| terms.seconds.to_string())),
    ]
}
