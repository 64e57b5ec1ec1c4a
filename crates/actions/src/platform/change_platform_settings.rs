//! Changes what the platform has settled for all ISPs.

use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::life::Life;
use domain::platform::settings::PlatformSettings;
use store::platform::{audit, settings};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::open_platform::open_platform;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum ChangePlatformError {
    /// Too long a trial.
    #[error("a trial lasts at most {} hours", Life::TRIAL_HOURS_MAX)]
    TrialHours,
    /// Too many days.
    #[error("at most {} days of grace fit", Life::GRACE_DAYS_MAX)]
    GraceDays,
    /// Somebody else has changed them meanwhile.
    #[error("somebody else has changed the settings meanwhile: read them again")]
    ChangedMeanwhile,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes them. `change` is given those that hold at that moment; `is_meant`: whether they
/// are meant as they are then.
///
/// The audit is the platform's own and is written first: should the rest fail, it says what was tried.
pub async fn change_platform_settings(
    store: &Store,
    is_meant: &(dyn Fn(&PlatformSettings) -> bool + Send + Sync),
    change: &(dyn Fn(&mut PlatformSettings) + Send + Sync),
    context: Context<'_>,
) -> Result<PlatformSettings, ChangePlatformError> {
    let platform = open_platform(store, context).await?;
    let mut tx = store.tenant(&TenantScope::of_operator(platform)).await?;
    let before = settings::of_platform(&mut tx).await?;
    if !is_meant(&before) {
        return Err(ChangePlatformError::ChangedMeanwhile);
    }
    let mut after = before.clone();
    change(&mut after);
    if after.trial_hours > Life::TRIAL_HOURS_MAX {
        return Err(ChangePlatformError::TrialHours);
    }
    if after.grace_days > Life::GRACE_DAYS_MAX {
        return Err(ChangePlatformError::GraceDays);
    }
    let changes = differences(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    audit::note(&mut tx, &[context.audit(Verb::ChangePlatformSettings, Thing::Tenant(platform), changes)]).await?;
    tx.commit().await?;
    let mut system = store.system().await?;
    if !settings::put_of_platform(&mut system, &after).await? {
        return Err(ChangePlatformError::ChangedMeanwhile);
    }
    system.commit().await?;
    after.revision = before.revision.saturating_add(1);
    Ok(after)
}

fn differences(before: &PlatformSettings, after: &PlatformSettings) -> Vec<Change> {
    let in_words = |settings: &PlatformSettings| {
        [
            ("name", settings.name.as_str().to_owned()),
            ("trial_hours", settings.trial_hours.to_string()),
            ("grace_days", settings.grace_days.to_string()),
            ("is_sign_up_open", settings.is_sign_up_open.to_string()),
        ]
    };
    let pairs = in_words(before).into_iter().zip(in_words(after));
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change::of(what, Some(before), Some(after)))
        .collect()
}
