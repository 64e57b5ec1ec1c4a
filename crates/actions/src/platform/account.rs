//! Deeds about an ISP's account with the platform: each locks it, changes it, and tells its audit.

pub mod change_tier;
pub mod lock_tenant;
pub mod pay_until;
pub mod set_grace;
pub mod set_trial;

use domain::platform::account::Account;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Tier;
use domain::time::Timestamp;
use store::platform::accounts;
use store::{Store, StoreError, TenantTx};

use crate::context::Context;
use crate::platform::told::{Side, tell};

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

/// Writes an account down and tells of it. Nothing is written when nothing is different.
pub(crate) async fn write(
    store: &Store,
    tx: &mut TenantTx,
    (verb, side): (Verb, Side),
    before: &Account,
    after: &Account,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let changes = differences(before, after);
    if changes.is_empty() {
        return Ok(());
    }
    accounts::put(tx, after).await?;
    let thing = Thing::Tenant(tx.tenant());
    tell(store, tx, (verb, thing), changes, side, context).await
}
