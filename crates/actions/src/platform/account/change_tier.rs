//! Moves an ISP to another tier: at once, with what is left of its paid time turned into time of the new one, or at the
//! end of that time. Nothing that the new tier has no room for is taken away: it goes on working and is not changed.

use domain::platform::account::Account;
use domain::platform::audit::Verb;
use domain::platform::tier::Tier;
use domain::text::Slug;
use policy::platform::tiers::{self as rules, Turned};
use store::platform::tiers;
use store::{Store, TenantScope};

use super::{AccountError, IsMeant, lock, write};
use crate::context::Context;
use crate::platform::told::Side;

/// From when the other tier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// At once.
    Now,
    /// From the end of what is paid for.
    PeriodEnd,
}

/// How a tier is to be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    /// From when the other one holds.
    pub from: From,
    /// Only tell what would become of it.
    pub preview: bool,
    /// Whose people wish it.
    pub side: Side,
}

/// A change that was made, or that would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The account afterwards.
    pub account: Account,
    /// What becomes of paid time, where it changes at once and some was left.
    pub turned: Option<Turned>,
}

/// Changes it, or only tells what would become of it.
pub async fn change_tier(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    code: &Slug,
    wish: Wish,
    context: Context<'_>,
) -> Result<Changed, AccountError> {
    let Wish { from, preview, side } = wish;
    let now = context.now();
    let mut locked = lock(store, scope, is_meant, side, context).await?;
    let before = locked.before.clone();
    let found = tiers::find(&mut locked.tx, code).await?.filter(|tier| tier.is_on_sale);
    let tier: Tier = found.ok_or_else(|| AccountError::UnknownTier(code.clone()))?;
    let is_same = before.tier.as_ref().is_some_and(|one| one.code == tier.code);
    let mut after = before.clone();
    let mut turned = None;
    let paid = before.life.paid_until.filter(|paid| *paid > now);
    match (from, paid, &before.tier) {
        (From::PeriodEnd, Some(_), _) => after.next_tier = (!is_same).then_some(tier),
        (_, _, _) if is_same && before.next_tier.is_none() => return Err(AccountError::SameTier(code.clone())),
        (From::Now, Some(paid), Some(had)) => {
            let what = rules::turn(had, &tier, paid, now);
            let what = what.ok_or_else(|| AccountError::OtherCurrency(code.clone()))?;
            after.life.paid_until = Some(what.until);
            after.tier = Some(tier);
            after.next_tier = None;
            turned = Some(what);
        }
        (From::Now | From::PeriodEnd, _, _) => {
            after.tier = Some(tier);
            after.next_tier = None;
        }
    }
    if after == before {
        return Err(AccountError::SameTier(code.clone()));
    }
    if preview {
        return Ok(Changed { account: after, turned });
    }
    write(locked, Verb::ChangeTier, &after, context).await?;
    Ok(Changed { account: after, turned })
}
