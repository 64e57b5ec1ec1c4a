//! Stops a subscriber's service, and lets it run again. Convergence ends its live sessions.

use domain::people::subscriber::{Standing, Username};
use domain::platform::audit::{Thing, Verb};
use store::people::subscribers;
use store::platform::audit;
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
    let Some(subscriber) = subscribers::lock(&mut tx, username).await? else { return Ok(false) };
    if subscriber.standing == Standing::Active {
        subscribers::suspend(&mut tx, subscriber.id, context.now()).await?;
        let entry = context.audit(Verb::SuspendSubscriber, Thing::Subscriber(subscriber.id), Vec::new());
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Lets a suspended subscriber's service run again. Returns whether there is one of that name.
pub async fn resume(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::lock(&mut tx, username).await? else { return Ok(false) };
    if subscriber.standing != Standing::Active {
        subscribers::resume(&mut tx, subscriber.id).await?;
        let entry = context.audit(Verb::ResumeSubscriber, Thing::Subscriber(subscriber.id), Vec::new());
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(true)
}
