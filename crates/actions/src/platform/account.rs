//! Deeds about an ISP's account with the platform: each locks it, sees that it is meant as it is, changes it, and tells
//! its audit.

pub mod change_tier;
pub mod lock_tenant;
pub mod pay_until;
pub mod set_grace;
pub mod set_trial;

use domain::platform::account::Account;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::life::Life;
use domain::platform::tier::Tier;
use domain::text::Slug;
use domain::time::Timestamp;
use store::platform::accounts::{self, Overview};
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;
use crate::platform::told::{Side, tell};

/// Whether an ISP is meant as it is at that moment.
pub type IsMeant<'a> = &'a (dyn Fn(&Overview) -> bool + Send + Sync);

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum AccountError {
    /// Somebody else has changed it meanwhile.
    #[error("somebody else has changed it meanwhile: read it again")]
    ChangedMeanwhile,
    /// It is to have paid for no tier, and has none.
    #[error("say which tier it has paid for: it has chosen none yet")]
    NoTier,
    /// No such tier, or one that is not sold any more.
    #[error("there is no tier `{0}` to choose: /v1/tiers and `mnetifi tier list` show those there are")]
    UnknownTier(Slug),
    /// It has that tier.
    #[error("tier `{0}` is the one it has already: nothing was changed")]
    SameTier(Slug),
    /// The tier's price is in another currency, so paid time cannot be turned.
    #[error("tier `{0}` is priced in another currency: it can be changed to at the end of what is paid for")]
    OtherCurrency(Slug),
    /// Too many days of grace.
    #[error("at most {} days of grace fit", Life::GRACE_DAYS_MAX)]
    TooManyDays,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account that nobody else changes until the transaction ends.
pub(crate) struct Locked {
    pub(crate) tx: TenantTx,
    pub(crate) before: Account,
    /// Whose audit tells of the deed, too.
    pub(crate) platform: Option<TenantScope>,
}

/// Locks the account of an ISP, if it is meant as it is.
pub(crate) async fn lock(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    side: Side,
    context: Context<'_>,
) -> Result<Locked, AccountError> {
    let platform = side.platform(store, context).await?;
    let mut tx = store.tenant(scope).await?;
    let before = accounts::lock(&mut tx).await?;
    if !is_meant(&accounts::own_overview(&mut tx).await?) {
        return Err(AccountError::ChangedMeanwhile);
    }
    Ok(Locked { tx, before, platform })
}

/// What is different, as the audit tells it.
pub(crate) fn differences(before: &Account, after: &Account) -> Vec<Change> {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let code = |tier: &Option<Tier>| tier.as_ref().map(|tier| tier.code.to_string());
    let locked = |account: &Account| account.life.locked.as_ref().map(|(_, why)| why.clone());
    [
        ("trial_until", instant(before.life.trial_until), instant(after.life.trial_until)),
        ("paid_until", instant(before.life.paid_until), instant(after.life.paid_until)),
        ("locked", locked(before), locked(after)),
        ("tier", code(&before.tier), code(&after.tier)),
        ("next_tier", code(&before.next_tier), code(&after.next_tier)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(what, before, after)| Change::of(what, before, after))
    .collect()
}

/// Writes an account down, tells of it, and commits. Nothing is written when nothing is different.
pub(crate) async fn write(locked: Locked, verb: Verb, after: &Account, context: Context<'_>) -> Result<(), StoreError> {
    let Locked { mut tx, before, platform } = locked;
    let changes = differences(&before, after);
    if changes.is_empty() {
        return Ok(());
    }
    accounts::put(&mut tx, after).await?;
    let thing = Thing::Tenant(tx.tenant());
    tell(tx, (verb, thing), changes, platform, context).await
}
