//! Stops a subscriber's service, and lets it run again. Convergence ends its live sessions.

use domain::people::subscriber::{Standing, Username};
use domain::platform::audit::{Thing, Verb};
use store::people::subscribers::{self, Record};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::people::seen::is_as_seen;

/// What is done to a subscriber's service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// It is stopped. One that is stopped keeps its date.
    Suspend,
    /// It runs again.
    Resume,
}

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
    Ok(as_seen(store, scope, (username, None), Deed::Suspend, context).await? != Fate::Unknown)
}

/// Lets a suspended subscriber's service run again. Returns whether there is one of that name.
pub async fn resume(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    context: Context<'_>,
) -> Result<bool, StoreError> {
    Ok(as_seen(store, scope, (username, None), Deed::Resume, context).await? != Fate::Unknown)
}

/// Does it, only if the subscriber is still as it was seen.
pub async fn as_seen(
    store: &Store,
    scope: &TenantScope,
    (username, seen): (&Username, Option<&Record>),
    deed: Deed,
    context: Context<'_>,
) -> Result<Fate, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(subscriber) = subscribers::lock(&mut tx, username).await? else { return Ok(Fate::Unknown) };
    if !is_as_seen(&mut tx, subscriber.id, seen).await? {
        return Ok(Fate::Changed);
    }
    let verb = match (deed, subscriber.standing) {
        (Deed::Suspend, Standing::Active) => {
            subscribers::suspend(&mut tx, subscriber.id, context.now()).await?;
            Verb::SuspendSubscriber
        }
        (Deed::Resume, Standing::Suspended { .. }) => {
            subscribers::resume(&mut tx, subscriber.id).await?;
            Verb::ResumeSubscriber
        }
        (Deed::Suspend, Standing::Suspended { .. }) | (Deed::Resume, Standing::Active) => return Ok(Fate::Done),
    };
    audit::note(&mut tx, &[context.audit(verb, Thing::Subscriber(subscriber.id), Vec::new())]).await?;
    tx.commit().await?;
    Ok(Fate::Done)
}
