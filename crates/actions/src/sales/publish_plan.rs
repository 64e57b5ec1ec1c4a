//! Publishes a plan at its first revision.

use domain::platform::audit::{Thing, Verb};
use domain::sales::plan::{Plan, PlanFault, PlanService, PlanTerms};
use domain::text::Slug;
use store::platform::audit;
use store::sales::plans;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};

/// Why a plan was not published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// Its terms contradict each other: every fault at once.
    #[error("the plan cannot be sold like that: {}", joined(.0))]
    Faults(Vec<PlanFault>),
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn joined(faults: &[PlanFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Checks the terms and writes the plan. A name that is taken in this tenant is a conflict.
pub async fn publish_plan(
    store: &Store,
    scope: &TenantScope,
    name: Slug,
    service: PlanService,
    terms: PlanTerms,
    context: Context<'_>,
) -> Result<Plan, PublishError> {
    let faults = terms.faults(service);
    if !faults.is_empty() {
        return Err(PublishError::Faults(faults));
    }
    let plan = Plan { id: context.new_id(), revision: 1, name, service, terms };
    let mut tx = store.tenant(scope).await?;
    entitle::may_offer(&mut tx, service, context).await?;
    plans::add(&mut tx, &plan).await?;
    audit::note(&mut tx, &[context.audit(Verb::PublishPlan, Thing::Plan(plan.id), Vec::new())]).await?;
    tx.commit().await?;
    Ok(plan)
}
