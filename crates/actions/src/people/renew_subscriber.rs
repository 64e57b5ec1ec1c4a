//! Moves the end of what a subscriber has paid for.

use domain::access::facts::Holder;
use domain::people::subscriber::{Standing, Username};
use domain::platform::audit::{Change, Entry, Thing, Verb};
use domain::sales::extension::{EndIsPast, Extension};
use domain::time::{Timestamp, Zone};
use store::access::online;
use store::people::subscribers::{self, Record};
use store::platform::audit;
use store::sales::plans;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;
use crate::people::seen::is_as_seen;

/// A subscriber whose end was moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Renewed {
    /// The end before; `None` had no end.
    pub before: Option<Timestamp>,
    /// The end now.
    pub until: Timestamp,
    /// Whether the service runs: a renewal does not resume it.
    pub standing: Standing,
    /// Sessions that have not ended.
    pub live: u64,
}

/// Why an end was not moved.
#[derive(Debug, Error)]
pub enum RenewError {
    /// No such subscriber.
    #[error("there is no subscriber `{0}`")]
    Unknown(Username),
    /// There is nothing to count from.
    #[error("what `{0}` has paid for has no end, so it cannot be moved by a duration: give the new end with --until")]
    Endless(Username),
    /// It would have ended before now.
    #[error("{0}; to stop a service at once, `mnetifi subscriber suspend` does")]
    Past(#[from] EndIsPast),
    /// It is not as it was seen any more.
    #[error("the subscriber was changed by somebody else: look at it and try again")]
    Changed,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the end of what a subscriber has paid for; without an extension, by the duration of the plan.
pub async fn renew_subscriber(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    username: &Username,
    extension: Option<Extension>,
    context: Context<'_>,
) -> Result<Renewed, RenewError> {
    renew_as_seen(store, scope, zone, (username, None), extension, context).await
}

/// The same, only if the subscriber is still as it was seen.
pub async fn renew_as_seen(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (username, seen): (&Username, Option<&Record>),
    extension: Option<Extension>,
    context: Context<'_>,
) -> Result<Renewed, RenewError> {
    let mut tx = store.tenant(scope).await?;
    let (renewed, entry) = renew_in(&mut tx, zone, (username, seen), extension, context).await?;
    audit::note(&mut tx, &[entry]).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// The same in a deed's own transaction, which puts the entry into the audit.
pub(crate) async fn renew_in(
    tx: &mut TenantTx,
    zone: &Zone,
    (username, seen): (&Username, Option<&Record>),
    extension: Option<Extension>,
    context: Context<'_>,
) -> Result<(Renewed, Entry), RenewError> {
    let unknown = || RenewError::Unknown(username.clone());
    let subscriber = subscribers::lock(tx, username).await?.ok_or_else(unknown)?;
    if !is_as_seen(tx, subscriber.id, seen).await? {
        return Err(RenewError::Changed);
    }
    let extension = match extension {
        Some(extension) => extension,
        None => {
            let plans = plans::load(tx, Some(&[subscriber.plan])).await?.found;
            let plan = plans.first().ok_or(StoreError::Missing { what: "plan" })?;
            Extension::By(plan.terms.duration)
        }
    };
    let now = context.now();
    let until = match (subscriber.until, extension) {
        (Some(present), extension) => extension.end(present, zone, now)?,
        (None, Extension::To(_)) => extension.end(now, zone, now)?,
        (None, Extension::By(_)) => return Err(RenewError::Endless(username.clone())),
    };
    subscribers::set_until(tx, subscriber.id, Some(until)).await?;
    let changes = vec![Change::of("until", subscriber.until, Some(until))];
    let live = online::of_holder(tx, Holder::Subscriber(subscriber.id)).await?;
    let entry = context.audit(Verb::RenewSubscriber, Thing::Subscriber(subscriber.id), changes);
    Ok((Renewed { before: subscriber.until, until, standing: subscriber.standing, live }, entry))
}
