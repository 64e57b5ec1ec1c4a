//! Locks an ISP's staff out of changes, or lets them again. Its customers never notice.

use domain::platform::account::Account;
use domain::platform::audit::Verb;
use store::platform::accounts::LOCKED_WHY_MAX;
use store::{Store, TenantScope};

use super::{AccountError, IsMeant, lock, write};
use crate::context::Context;
use crate::platform::told::Side;

/// Locks it for a reason that its staff reads, or unlocks it with `None`.
pub async fn lock_tenant(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    why: Option<String>,
    context: Context<'_>,
) -> Result<Account, AccountError> {
    let locked = lock(store, scope, is_meant, Side::Platform, context).await?;
    let mut after = locked.before.clone();
    let verb = if why.is_some() { Verb::LockTenant } else { Verb::UnlockTenant };
    after.life.locked = why.map(|why| (context.now(), why.chars().take(LOCKED_WHY_MAX).collect()));
    write(locked, verb, &after, context).await?;
    Ok(after)
}
