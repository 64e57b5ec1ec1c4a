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
    let mut tx = store.tenant(scope).await?;
    let before = lock(&mut tx, is_meant).await?;
    let mut after = before.clone();
    let is_over = before.life.paid_until.is_none_or(|paid| paid <= context.now());
    after.life.paid_until = Some(until);
    if let Some(code) = tier {
        let found = tiers::find(&mut tx, code).await?;
        after.tier = Some(found.ok_or_else(|| AccountError::UnknownTier(code.clone()))?);
        after.next_tier = None;
    } else if is_over && let Some(next) = after.next_tier.take() {
        after.tier = Some(next);
    }
    if after.tier.is_none() {
        return Err(AccountError::NoTier);
    }
    write(store, &mut tx, (Verb::NotePayment, Side::Platform), &before, &after, context).await?;
    tx.commit().await?;
    Ok(after)
}
