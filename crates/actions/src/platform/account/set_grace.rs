//! Gives an ISP days of grace of its own, or the platform's again.

use domain::platform::account::Account;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::life::Life;
use domain::time::Span;
use store::platform::accounts;
use store::{Store, TenantScope};

use super::{AccountError, IsMeant, Locked, lock};
use crate::context::Context;
use crate::platform::told::{Side, tell};

/// Gives it; `None` follows the platform's.
pub async fn set_grace(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    days: Option<u32>,
    context: Context<'_>,
) -> Result<Account, AccountError> {
    if days.is_some_and(|days| days > Life::GRACE_DAYS_MAX) {
        return Err(AccountError::TooManyDays);
    }
    let Locked { mut tx, before, platform } = lock(store, scope, is_meant, Side::Platform, context).await?;
    accounts::set_grace(&mut tx, days).await?;
    let after = accounts::find(&mut tx).await?;
    let changes = vec![Change::of("grace_days", Some(in_days(&before)), Some(in_days(&after)))];
    let deed = (Verb::SetGrace, Thing::Tenant(tx.tenant()));
    tell(tx, deed, changes, platform, context).await?;
    Ok(after)
}

fn in_days(account: &Account) -> i64 {
    account.life.grace.as_seconds() / Span::minutes(24 * 60).as_seconds()
}
