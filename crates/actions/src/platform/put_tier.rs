//! Puts a tier into the price book, or changes it. Who has it keeps it, on its new terms.

use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::{Tier, TierFault};
use store::platform::{audit, tiers};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::open_platform::open_platform;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum PutTierError {
    /// It cannot be in the price book.
    #[error(transparent)]
    Fault(TierFault),
    /// There are too many.
    #[error("the price book holds {} tiers, and no more fit: change one of them", Tier::COUNT_MAX)]
    Full,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts it. The audit is the platform's own.
pub async fn put_tier(store: &Store, tier: &Tier, context: Context<'_>) -> Result<(), PutTierError> {
    if let Some(fault) = tier.fault() {
        return Err(PutTierError::Fault(fault));
    }
    let platform = open_platform(store, context).await?;
    let mut tx = store.tenant(&TenantScope::of_operator(platform)).await?;
    let all = tiers::list(&mut tx, false).await?;
    let before = all.iter().find(|one| one.code == tier.code);
    if before.is_none() && all.len() >= Tier::COUNT_MAX {
        return Err(PutTierError::Full);
    }
    let changes = differences(before, tier);
    audit::note(&mut tx, &[context.audit(Verb::PutTier, Thing::Tenant(platform), changes)]).await?;
    tx.commit().await?;
    let mut system = store.system().await?;
    tiers::put(&mut system, tier).await?;
    system.commit().await?;
    Ok(())
}

fn differences(before: Option<&Tier>, after: &Tier) -> Vec<Change> {
    let in_words = |tier: &Tier| {
        let features: Vec<&str> = tier.entitlements.features.iter().map(|one| one.key()).collect();
        let limits: Vec<String> =
            tier.entitlements.limits.iter().map(|(limit, most)| format!("{limit} {most}")).collect();
        [
            ("tier", tier.code.to_string()),
            ("name", tier.name.clone()),
            ("month", tier.month.to_string()),
            ("year", tier.year.map_or_else(|| "none".to_owned(), |year| year.to_string())),
            ("features", features.join(" ")),
            ("limits", limits.join(", ")),
            ("on_sale", tier.is_on_sale.to_string()),
        ]
    };
    let were = before.map(in_words);
    in_words(after)
        .into_iter()
        .enumerate()
        .filter_map(|(place, (what, now))| {
            let was = were.as_ref().map(|were| were[place].1.clone());
            (what == "tier" || was.as_ref() != Some(&now)).then(|| Change::of(what, was, Some(now)))
        })
        .collect()
}
