//! Moves a subscriber to another plan. The end of what is paid for stays as it is.

use domain::access::facts::Holder;
use domain::people::subscriber::Username;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use domain::sales::plan::{Plan, PlanService};
use store::access::online;
use store::people::subscribers::{self, Record};
use store::platform::audit;
use store::sales::plans;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::people::seen::is_as_seen;
use crate::platform::entitle::{self, Unentitled};

/// A subscriber that is on another plan now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The name of the plan before.
    pub from: String,
    /// Sessions that have not ended.
    pub live: u64,
}

/// Why nobody was moved.
#[derive(Debug, Error)]
pub enum MoveError {
    /// No such subscriber.
    #[error("there is no subscriber `{0}`")]
    Unknown(Username),
    /// Hotspot plans are sold as vouchers.
    #[error("plan `{0}` is a hotspot plan: subscribers need a pppoe or static plan")]
    Hotspot(String),
    /// It is on that plan.
    #[error("`{0}` is on plan `{1}` already: nothing was changed")]
    Same(Username, String),
    /// It is not as it was seen any more.
    #[error("the subscriber was changed by somebody else: look at it and try again")]
    Changed,
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves a subscriber to `plan`.
pub async fn move_to_plan(
    store: &Store,
    scope: &TenantScope,
    username: &Username,
    plan: &Plan,
    context: Context<'_>,
) -> Result<Moved, MoveError> {
    move_as_seen(store, scope, (username, None), plan, context).await
}

/// The same, only if the subscriber is still as it was seen.
pub async fn move_as_seen(
    store: &Store,
    scope: &TenantScope,
    (username, seen): (&Username, Option<&Record>),
    plan: &Plan,
    context: Context<'_>,
) -> Result<Moved, MoveError> {
    if plan.service == PlanService::Hotspot {
        return Err(MoveError::Hotspot(plan.name.to_string()));
    }
    let mut tx = store.tenant(scope).await?;
    let unknown = || MoveError::Unknown(username.clone());
    let subscriber = subscribers::lock(&mut tx, username).await?.ok_or_else(unknown)?;
    if !is_as_seen(&mut tx, subscriber.id, seen).await? {
        return Err(MoveError::Changed);
    }
    if subscriber.plan == plan.id {
        return Err(MoveError::Same(username.clone(), plan.name.to_string()));
    }
    entitle::may_change(&mut tx, Limit::Customers, subscriber.id.uuid(), context).await?;
    entitle::may_offer(&mut tx, plan.service, context).await?;
    let before = plans::load(&mut tx, Some(&[subscriber.plan])).await?.found;
    let from = before.first().map(|plan| plan.name.to_string()).unwrap_or_default();
    subscribers::set_plan(&mut tx, subscriber.id, plan.id).await?;
    let changes = vec![Change::of("plan", Some(from.clone()), Some(plan.name.to_string()))];
    audit::note(&mut tx, &[context.audit(Verb::MoveSubscriber, Thing::Subscriber(subscriber.id), changes)]).await?;
    let live = online::of_holder(&mut tx, Holder::Subscriber(subscriber.id)).await?;
    tx.commit().await?;
    Ok(Moved { from, live })
}
