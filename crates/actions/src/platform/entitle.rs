//! What an ISP's tier allows: asked in the transaction of the deed that needs it.

use domain::platform::tier::{Entitlements, Feature, Limit};
use policy::platform::lifecycle;
use policy::platform::tiers::{self, OverLimit, tier_in_force};
use store::platform::accounts;
use store::{StoreError, TenantTx};
use thiserror::Error;
use uuid::Uuid;

use crate::context::Context;

/// Why something is not allowed.
#[derive(Debug, Error)]
pub enum Unentitled {
    /// The tier.
    #[error(transparent)]
    Over(#[from] OverLimit),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the ISP of a transaction may use now.
pub async fn entitlements(tx: &mut TenantTx, context: Context<'_>) -> Result<Entitlements, StoreError> {
    let account = accounts::find(tx).await?;
    let state = lifecycle::state(&account.life, context.now());
    Ok(tiers::entitlements(&state, tier_in_force(&account, context.now())))
}

/// Refuses one more of what the tier limits, where there are enough. Call it before it is added, in the same transaction.
pub async fn may_add(tx: &mut TenantTx, limit: Limit, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    if !entitled.limits.contains_key(&limit) {
        return Ok(());
    }
    accounts::hold(tx, limit).await?;
    let count = accounts::count(tx, limit).await?;
    Ok(tiers::may_add(&entitled, limit, count)?)
}

/// Refuses to change something that is beyond what the tier has room for.
pub async fn may_change(tx: &mut TenantTx, limit: Limit, id: Uuid, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    if !entitled.limits.contains_key(&limit) {
        return Ok(());
    }
    let earlier = accounts::earlier(tx, limit, id).await?;
    Ok(tiers::may_change(&entitled, limit, earlier)?)
}

/// Refuses a feature that the tier does not give.
pub async fn may_use(tx: &mut TenantTx, feature: Feature, context: Context<'_>) -> Result<(), Unentitled> {
    Ok(tiers::may_use(&entitlements(tx, context).await?, feature)?)
}
