//! What an ISP's tier allows: asked in the transaction of the deed that needs it.

use domain::platform::tier::{Entitlements, Feature, Limit};
use domain::sales::plan::PlanService;
use policy::platform::lifecycle;
use policy::platform::tiers::{self, OverLimit, tier_in_force};
use store::platform::{accounts, tiers as price_book};
use store::{StoreError, TenantTx};
use thiserror::Error;
use uuid::Uuid;

use crate::context::Context;

/// Why something is not allowed.
#[derive(Debug, Error)]
pub enum Unentitled {
    /// The tier.
    #[error("{why}; {}", next_step(.room))]
    Over {
        /// What it does not allow.
        why: OverLimit,
        /// The cheapest tier on sale that has room, by its name and the price of a month.
        room: Option<String>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn next_step(room: &Option<String>) -> String {
    match room {
        Some(tier) => format!("tier {tier} has room for it"),
        None => "no tier on sale has room for it: ask the platform for one".to_owned(),
    }
}

/// What the ISP of a transaction may use now.
pub async fn entitlements(tx: &mut TenantTx, context: Context<'_>) -> Result<Entitlements, StoreError> {
    let account = accounts::find(tx).await?;
    let state = lifecycle::state(&account.life, context.now());
    Ok(tiers::entitlements(&state, tier_in_force(&account, context.now())))
}

/// Refuses one more of what the tier limits, where there are enough. Call it before it is added, in the same transaction.
pub async fn may_add(tx: &mut TenantTx, limit: Limit, context: Context<'_>) -> Result<(), Unentitled> {
    may_add_many(tx, limit, 1, context).await
}

/// The same for many at once: all of them fit, or none is added.
pub async fn may_add_many(tx: &mut TenantTx, limit: Limit, more: u64, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    if !entitled.limits.contains_key(&limit) {
        return Ok(());
    }
    accounts::hold(tx, limit).await?;
    let count = accounts::count(tx, limit).await?;
    told(tx, &entitled, tiers::may_add(&entitled, limit, count, more)).await
}

/// Refuses what was added already, in this transaction, when there are more than the tier allows now: for whoever learns
/// only by adding how many are new. `more`: how many those are.
pub async fn had_room(tx: &mut TenantTx, limit: Limit, more: u64, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    if more == 0 || !entitled.limits.contains_key(&limit) {
        return Ok(());
    }
    accounts::hold(tx, limit).await?;
    let count = accounts::count(tx, limit).await?.saturating_sub(more);
    told(tx, &entitled, tiers::may_add(&entitled, limit, count, more)).await
}

/// Refuses to change something that is beyond what the tier has room for.
pub async fn may_change(tx: &mut TenantTx, limit: Limit, id: Uuid, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    if !entitled.limits.contains_key(&limit) {
        return Ok(());
    }
    let earlier = accounts::earlier(tx, limit, id).await?;
    told(tx, &entitled, tiers::may_change(&entitled, limit, earlier)).await
}

/// Refuses a feature that the tier does not give.
pub async fn may_use(tx: &mut TenantTx, feature: Feature, context: Context<'_>) -> Result<(), Unentitled> {
    let entitled = entitlements(tx, context).await?;
    told(tx, &entitled, tiers::may_use(&entitled, feature)).await
}

/// Refuses to make or change plans of a service that the tier does not give, and to print vouchers of it. Plans and
/// vouchers that there are go on being sold, given to customers and used.
pub async fn may_offer(tx: &mut TenantTx, service: PlanService, context: Context<'_>) -> Result<(), Unentitled> {
    may_use(tx, tiers::feature_of(service), context).await
}

/// A refusal with what to do about it.
async fn told(tx: &mut TenantTx, entitled: &Entitlements, verdict: Result<(), OverLimit>) -> Result<(), Unentitled> {
    let Err(why) = verdict else { return Ok(()) };
    let on_sale = price_book::list(tx, true).await?;
    let room = tiers::with_room(&on_sale, entitled, &why);
    let room = room.map(|tier| format!("`{}` ({} a month)", tier.name, tier.month));
    Err(Unentitled::Over { why, room })
}
