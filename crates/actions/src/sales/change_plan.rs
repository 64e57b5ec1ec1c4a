//! Gives a plan other terms: its next revision, which everybody on the plan follows, also those who are online.

use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::plan::{Plan, PlanFault, PlanTerms};
use domain::text::Slug;
use store::access::online;
use store::platform::audit;
use store::sales::plans;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};
use crate::sales::publish_plan::joined;

/// A plan that has other terms now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The plan at its new revision.
    pub plan: Plan,
    /// What is different.
    pub changes: Vec<Change>,
    /// Sessions that have not ended, of those who are on it.
    pub live: u64,
}

/// Why a plan was not changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// No such plan.
    #[error("there is no plan `{0}`: `mnetifi plan list` shows those there are")]
    Unknown(Slug),
    /// It has these terms.
    #[error("plan `{0}` has these terms already: nothing was changed")]
    Same(Slug),
    /// It is not at the revision that was meant any more.
    #[error("the plan was changed by somebody else: look at it and try again")]
    Meanwhile,
    /// The new terms contradict each other: every fault at once.
    #[error("the plan cannot be sold like that: {}", joined(.0))]
    Faults(Vec<PlanFault>),
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes the terms of a plan. `change` is given those that hold at that moment: of two changes at once neither is lost.
///
/// An end that somebody has bought stays as it is: a new duration counts for what is sold from now on.
pub async fn change_plan(
    store: &Store,
    scope: &TenantScope,
    name: &Slug,
    change: &(dyn Fn(&mut PlanTerms) + Send + Sync),
    context: Context<'_>,
) -> Result<Changed, ChangeError> {
    change_plan_at(store, scope, (name, None), change, context).await
}

/// The same, only if the plan is still at that revision.
pub async fn change_plan_at(
    store: &Store,
    scope: &TenantScope,
    (name, expected): (&Slug, Option<u32>),
    change: &(dyn Fn(&mut PlanTerms) + Send + Sync),
    context: Context<'_>,
) -> Result<Changed, ChangeError> {
    let mut tx = store.tenant(scope).await?;
    let before = plans::lock(&mut tx, name).await?.ok_or_else(|| ChangeError::Unknown(name.clone()))?;
    if expected.is_some_and(|revision| revision != before.revision) {
        return Err(ChangeError::Meanwhile);
    }
    let mut terms = before.terms.clone();
    change(&mut terms);
    if terms == before.terms {
        return Err(ChangeError::Same(name.clone()));
    }
    let faults = terms.faults(before.service);
    if !faults.is_empty() {
        return Err(ChangeError::Faults(faults));
    }
    entitle::may_offer(&mut tx, before.service, context).await?;
    let revision = plans::revise(&mut tx, before.id, &terms).await?;
    let changes = differences(&before.terms, &terms);
    let entry = context.audit(Verb::ChangePlan, Thing::Plan(before.id), changes.clone());
    audit::note(&mut tx, &[entry]).await?;
    let live = online::on_plan(&mut tx, before.id).await?;
    tx.commit().await?;
    Ok(Changed { plan: Plan { revision, terms, ..before }, changes, live })
}

/// What is different in the one and the other, in words.
pub fn differences(before: &PlanTerms, after: &PlanTerms) -> Vec<Change> {
    let pairs = before.in_words().into_iter().zip(after.in_words());
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Change::of(what, Some(before), Some(after)))
        .collect()
}
