//! Changes what is known of a customer, and forgets one.

use domain::id::{CustomerId, StaffId, ZoneId};
use domain::people::customer::{Customer, Profile};
use domain::platform::audit::{Change, Thing, Verb};
use store::people::customers;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// Whose customers may be changed, and in which state.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// In one of these zones; `None` in any.
    pub zones: Option<&'a [ZoneId]>,
    /// Whether the state that it is in now is the one that is meant.
    pub allows: &'a (dyn Fn(&Customer) -> bool + Send + Sync),
}

impl std::fmt::Debug for Expected<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expected").field("zones", &self.zones).finish_non_exhaustive()
    }
}

/// Why a customer was not changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// No such customer, or in another zone.
    #[error("there is no customer with that id")]
    Unknown,
    /// Somebody has changed it since it was read.
    #[error("the customer was changed by somebody else: look at them and try again")]
    Changed,
    /// Who may see some zones alone cannot move a customer to another.
    #[error("the customer can be moved to one of your zones only")]
    OtherZone,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a customer. `change` is given what holds at that moment: of two changes at once neither is lost. Changing
/// nothing writes nothing.
pub async fn change_customer(
    store: &Store,
    scope: &TenantScope,
    customer: CustomerId,
    expected: Expected<'_>,
    change: &(dyn Fn(&mut Profile) + Send + Sync),
    context: Context<'_>,
) -> Result<Customer, ChangeError> {
    let mut tx = store.tenant(scope).await?;
    let before = customers::lock(&mut tx, customer, expected.zones).await?.ok_or(ChangeError::Unknown)?;
    if !(expected.allows)(&before) {
        return Err(ChangeError::Changed);
    }
    let mut after = before.clone();
    change(&mut after.profile);
    if after == before {
        return Ok(before);
    }
    let may_be_there = |zones: &[ZoneId]| after.profile.zone.is_some_and(|zone| zones.contains(&zone));
    if after.profile.zone != before.profile.zone && !expected.zones.is_none_or(may_be_there) {
        return Err(ChangeError::OtherZone);
    }
    after.changed_at = context.now();
    customers::save(&mut tx, &after).await?;
    let changes = differences(&before.profile, &after.profile);
    audit::note(&mut tx, &[context.audit(Verb::ChangeCustomer, Thing::Customer(customer), changes)]).await?;
    tx.commit().await?;
    Ok(Customer { revision: before.revision + 1, ..after })
}

/// Forgets a customer to whom nothing belongs any more.
pub async fn remove_customer(
    store: &Store,
    scope: &TenantScope,
    customer: CustomerId,
    expected: Expected<'_>,
    context: Context<'_>,
) -> Result<(), ChangeError> {
    let mut tx = store.tenant(scope).await?;
    let before = customers::lock(&mut tx, customer, expected.zones).await?.ok_or(ChangeError::Unknown)?;
    if !(expected.allows)(&before) {
        return Err(ChangeError::Changed);
    }
    customers::remove(&mut tx, customer).await?;
    let changes = vec![Change::of("name", Some(&before.profile.name), None)];
    audit::note(&mut tx, &[context.audit(Verb::RemoveCustomer, Thing::Customer(customer), changes)]).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives customers to somebody of the staff, or to nobody. Returns who is with somebody else now: those who were with
/// them already, or are not there, are left out.
pub async fn assign_customers(
    store: &Store,
    scope: &TenantScope,
    customers: &[CustomerId],
    staff: Option<StaffId>,
    context: Context<'_>,
) -> Result<Vec<CustomerId>, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let moved = customers::assign(&mut tx, customers, staff, context.now()).await?;
    let entries: Vec<_> = moved
        .iter()
        .map(|(customer, before)| {
            let changes = vec![Change::of("assigned to", *before, staff)];
            context.audit(Verb::AssignCustomer, Thing::Customer(*customer), changes)
        })
        .collect();
    audit::note(&mut tx, &entries).await?;
    tx.commit().await?;
    Ok(moved.into_iter().map(|(customer, _)| customer).collect())
}

/// What is different, with a document's number hidden.
fn differences(before: &Profile, after: &Profile) -> Vec<Change> {
    let pairs = in_words(before).into_iter().zip(in_words(after));
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change { what: what.to_owned(), before, after })
        .collect()
}

/// Each thing that is known of a customer with its name, always in the same order.
fn in_words(profile: &Profile) -> Vec<(&'static str, Option<String>)> {
    fn text<Value: ToString>(value: &Option<Value>) -> Option<String> {
        value.as_ref().map(ToString::to_string)
    }
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    vec![
        ("name", Some(profile.name.to_string())),
        ("phone", text(&profile.phone)),
        ("email", text(&profile.email)),
        ("notes", some(profile.notes.as_str())),
        ("category", text(&profile.category)),
        ("zone", text(&profile.zone)),
        ("address", some(profile.address.as_str())),
        ("coordinates", text(&profile.coordinates)),
        ("identity kind", profile.identity.as_ref().map(|identity| identity.kind.code().to_owned())),
        ("identity number", profile.identity.as_ref().map(|identity| identity.number.to_string())),
        ("identity state", Some(profile.identity_state.code().to_owned())),
    ]
}
