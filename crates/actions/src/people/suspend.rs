//! Stops a subscriber's service, and lets it run again. Counts from the next login on.

use domain::people::subscriber::Username;
use store::people::subscribers;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Suspends a subscriber. Returns whether there is one of that name; one that is suspended keeps its date.
pub async fn suspend(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::find_by_username(&mut tx, username).await? else { return Ok(false) };
    subscribers::suspend(&mut tx, subscriber.id, context.now()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Lets a suspended subscriber's service run again. Returns whether there is one of that name.
pub async fn resume(store: &Store, scope: &TenantScope, username: &Username) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::find_by_username(&mut tx, username).await? else { return Ok(false) };
    subscribers::resume(&mut tx, subscriber.id).await?;
    tx.commit().await?;
    Ok(true)
}
