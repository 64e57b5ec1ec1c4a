//! Changes a subscriber's login, address, number, customer or zone.

use domain::id::{SubscriberId, ZoneId};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use store::people::customers;
use store::people::subscribers::{self, Changes, Record};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};

/// Why a subscriber was not changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// No such subscriber, or in another zone.
    #[error("there is no subscriber with that id")]
    Unknown,
    /// Somebody has changed it since it was read.
    #[error("the subscriber was changed by somebody else: look at it and try again")]
    Changed,
    /// No such customer, or in another zone.
    #[error("there is no customer with that id")]
    NoSuchCustomer,
    /// Who may see some zones alone cannot move a subscriber to another.
    #[error("the subscriber can be moved to one of your zones only")]
    OtherZone,
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a subscriber in one of these zones (`None`: in any). With `expected`, only if it is still so.
///
/// A subscriber that is given to a customer and has no zone gets the customer's.
pub async fn change_subscriber(
    store: &Store,
    scope: &TenantScope,
    subscriber: SubscriberId,
    (zones, expected): (Option<&[ZoneId]>, Option<&Record>),
    mut changes: Changes,
    context: Context<'_>,
) -> Result<Record, ChangeError> {
    let mut tx = store.tenant(scope).await?;
    let before = subscribers::find(&mut tx, subscriber, zones).await?.ok_or(ChangeError::Unknown)?;
    // Locked, and read again: what was read a moment ago only said which name to lock.
    subscribers::lock(&mut tx, &before.subscriber.username).await?.ok_or(ChangeError::Unknown)?;
    let before = subscribers::find(&mut tx, subscriber, zones).await?.ok_or(ChangeError::Unknown)?;
    if expected.is_some_and(|expected| *expected != before) {
        return Err(ChangeError::Changed);
    }
    if let Some(Some(customer)) = changes.customer {
        let customer = customers::find(&mut tx, customer, zones).await?.ok_or(ChangeError::NoSuchCustomer)?;
        if changes.zone.is_none() && before.zone.is_none() {
            changes.zone = Some(customer.profile.zone);
        }
    }
    if let (Some(zones), Some(to)) = (zones, changes.zone)
        && to != before.zone
        && !to.is_some_and(|to| zones.contains(&to))
    {
        return Err(ChangeError::OtherZone);
    }
    entitle::may_change(&mut tx, Limit::Customers, subscriber.uuid(), context).await?;
    subscribers::change(&mut tx, subscriber, &changes).await?;
    let after = subscribers::find(&mut tx, subscriber, None).await?.ok_or(ChangeError::Unknown)?;
    let mut different = differences(&before, &after);
    if changes.password.is_some() {
        different.push(Change::of("password", Some("***"), Some("*** (another one)")));
    }
    if !different.is_empty() {
        let entry = context.audit(Verb::ChangeSubscriber, Thing::Subscriber(subscriber), different);
        audit::note(&mut tx, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(after)
}

fn differences(before: &Record, after: &Record) -> Vec<Change> {
    let words = |record: &Record| {
        [
            ("username", Some(record.subscriber.username.to_string())),
            ("address", record.subscriber.framed_ip.map(|address| address.to_string())),
            ("phone", record.phone.as_ref().map(ToString::to_string)),
            ("customer", record.customer.map(|id| id.to_string())),
            ("zone", record.zone.map(|id| id.to_string())),
        ]
    };
    let pairs = words(before).into_iter().zip(words(after));
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change { what: what.to_owned(), before, after })
        .collect()
}
