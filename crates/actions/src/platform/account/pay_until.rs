//! Notes until when an ISP has paid, and for which tier.

use domain::platform::account::Account;
use domain::platform::audit::Verb;
use domain::text::Slug;
use domain::time::Timestamp;
use store::platform::tiers;
use store::{Store, TenantScope};

use super::{AccountError, IsMeant, lock, write};
use crate::context::Context;
use crate::platform::told::Side;

/// Notes it. Without a tier it is the one that was chosen for then, or else the one it has.
pub async fn pay_until(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    until: Timestamp,
    tier: Option<&Slug>,
    context: Context<'_>,
) -> Result<Account, AccountError> {
    let mut locked = lock(store, scope, is_meant, Side::Platform, context).await?;
    let mut after = locked.before.clone();
    let is_over = after.life.paid_until.is_none_or(|paid| paid <= context.now());
    after.life.paid_until = Some(until);
    if let Some(code) = tier {
        let found = tiers::find(&mut locked.tx, code).await?;
        after.tier = Some(found.ok_or_else(|| AccountError::UnknownTier(code.clone()))?);
        after.next_tier = None;
    } else if is_over && let Some(next) = after.next_tier.take() {
        after.tier = Some(next);
    }
    if after.tier.is_none() {
        return Err(AccountError::NoTier);
    }
    write(locked, Verb::NotePayment, &after, context).await?;
    Ok(after)
}
