//! Moves the end of an ISP's trial.

use domain::platform::account::Account;
use domain::platform::audit::Verb;
use domain::time::Timestamp;
use store::{Store, TenantScope};

use super::{AccountError, IsMeant, lock, write};
use crate::context::Context;
use crate::platform::told::Side;

/// Moves it; `None`: nobody bills this ISP, unless it has paid.
pub async fn set_trial(
    store: &Store,
    scope: &TenantScope,
    is_meant: IsMeant<'_>,
    until: Option<Timestamp>,
    context: Context<'_>,
) -> Result<Account, AccountError> {
    let locked = lock(store, scope, is_meant, Side::Platform, context).await?;
    let mut after = locked.before.clone();
    after.life.trial_until = until;
    write(locked, Verb::SetTrial, &after, context).await?;
    Ok(after)
}
