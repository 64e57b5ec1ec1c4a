//! Moves the end of an ISP's trial.

use domain::platform::account::Account;
use domain::platform::audit::Verb;
use domain::time::Timestamp;
use store::platform::accounts;
use store::{Store, StoreError, TenantScope};

use super::write;
use crate::context::Context;
use crate::platform::told::Side;

/// Moves it; `None`: nobody bills this ISP, unless it has paid.
pub async fn set_trial(
    store: &Store,
    scope: &TenantScope,
    until: Option<Timestamp>,
    context: Context<'_>,
) -> Result<Account, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let before = accounts::lock(&mut tx).await?;
    let mut after = before.clone();
    after.life.trial_until = until;
    write(store, &mut tx, (Verb::SetTrial, Side::Platform), &before, &after, context).await?;
    tx.commit().await?;
    Ok(after)
}
