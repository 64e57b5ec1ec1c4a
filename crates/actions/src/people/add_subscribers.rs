//! Adds subscribers, one or a whole list, each with an end counted from now by its plan.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use domain::id::PlanId;
use domain::people::subscriber::{Standing, Username};
use domain::phone::Msisdn;
use domain::sales::plan::{Plan, PlanService};
use domain::secret::SecretBytes;
use domain::time::{Timestamp, Zone};
use store::people::subscribers::{self, NewSubscriber};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// Subscribers written by one statement.
const CHUNK: usize = 5_000;

/// A subscriber to add.
#[derive(Debug)]
pub struct Wanted {
    /// Its login.
    pub username: Username,
    /// Its password.
    pub password: SecretBytes,
    /// The plan it is on.
    pub plan: PlanId,
    /// The end of what is paid for; `None` counts the plan's duration from now.
    pub until: Option<Timestamp>,
    /// A fixed address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Its phone number.
    pub phone: Option<Msisdn>,
}

/// What became of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// How many are new.
    pub added: usize,
    /// User names that existed before; they are left as they were.
    pub existing: Vec<Username>,
}

/// Why nobody was added.
#[derive(Debug, Error)]
pub enum AddError {
    /// Hotspot plans are sold as vouchers.
    #[error("plan `{0}` is a hotspot plan: subscribers need a pppoe or static plan")]
    Hotspot(String),
    /// A plan that is not among those given.
    #[error("a subscriber names a plan that is not there")]
    NoSuchPlan,
    /// They could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes the subscribers with their passwords sealed, all or none. `progress` hears how many are done.
pub async fn add_subscribers(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    plans: &[Plan],
    wanted: Vec<Wanted>,
    context: Context<'_>,
    progress: &mut (dyn FnMut(usize) + Send),
) -> Result<Added, AddError> {
    let now = context.now();
    let mut ends = HashMap::new();
    for plan in plans {
        if plan.service != PlanService::Hotspot {
            ends.insert(plan.id, plan.terms.duration.end_from(now, zone));
        } else if wanted.iter().any(|one| one.plan == plan.id) {
            return Err(AddError::Hotspot(plan.name.to_string()));
        }
    }
    let mut rows = Vec::with_capacity(wanted.len());
    for Wanted { username, password, plan, until, framed_ip, phone } in wanted {
        let end = *ends.get(&plan).ok_or(AddError::NoSuchPlan)?;
        let id = context.new_id();
        rows.push(NewSubscriber {
            id,
            username,
            password,
            plan,
            standing: Standing::Active,
            until: until.or(Some(end)),
            framed_ip,
            phone,
            created_at: now,
        });
    }
    let mut added = Added::default();
    let mut tx = store.tenant(scope).await?;
    let total = rows.len();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(CHUNK));
        let existing = subscribers::insert_many(&mut tx, rows).await?;
        added.existing.extend(existing);
        rows = rest;
        progress(total - rows.len());
    }
    added.added = total - added.existing.len();
    tx.commit().await?;
    Ok(added)
}
