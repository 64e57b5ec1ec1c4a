//! Stops a subscriber's service, and lets it run again. Convergence ends its live sessions.

use domain::people::subscriber::{Standing, Username};
use domain::platform::audit::{Thing, Verb};
use store::people::subscribers::{self, Record};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::people::seen::is_as_seen;

/// What became of a deed on one subscriber.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is so now.
    Done,
    /// There is none of that name.
    Unknown,
    /// It is not as it was seen any more.
    Changed,
}

/// Suspends a subscriber. Returns whether there is one of that name; one that is suspended keeps its date.
pub async fn suspend(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    Ok(suspend_as_seen(store, scope, (username, None), context).await? != Fate::Unknown)
}

/// The same, only if the subscriber is still as it was seen.
pub async fn suspend_as_seen(
    store: &Store,
    scope: &TenantScope,
    (username, seen): (&Username, Option<&Record>),
    context: Context<'_>,
) -> Result<Fate, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::lock(&mut tx, username).await? else { return Ok(Fate::Unknown) };
    if !is_as_seen(&mut tx, subscriber.id, seen).await? {
        return Ok(Fate::Changed);
    }
    if subscriber.standing == Standing::Active {
        subscribers::suspend(&mut tx, subscriber.id, context.now()).await?;
        let entry = context.audit(Verb::SuspendSubscriber, Thing::Subscriber(subscriber.id), Vec::new());
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(Fate::Done)
}

/// Lets a suspended subscriber's service run again. Returns whether there is one of that name.
pub async fn resume(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    Ok(resume_as_seen(store, scope, (username, None), context).await? != Fate::Unknown)
}

/// The same, only if the subscriber is still as it was seen.
pub async fn resume_as_seen(
    store: &Store,
    scope: &TenantScope,
    (username, seen): (&Username, Option<&Record>),
    context: Context<'_>,
) -> Result<Fate, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::lock(&mut tx, username).await? else { return Ok(Fate::Unknown) };
    if !is_as_seen(&mut tx, subscriber.id, seen).await? {
        return Ok(Fate::Changed);
    }
    if subscriber.standing != Standing::Active {
        subscribers::resume(&mut tx, subscriber.id).await?;
        let entry = context.audit(Verb::ResumeSubscriber, Thing::Subscriber(subscriber.id), Vec::new());
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(Fate::Done)
}
