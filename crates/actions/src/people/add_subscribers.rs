//! Adds subscribers, one or a whole list, each with an end counted from now by its plan.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use domain::id::{CustomerId, PlanId, SubscriberId, ZoneId};
use domain::people::subscriber::{Standing, Username};
use domain::phone::{CallingCode, Msisdn};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::{Feature, Limit};
use domain::sales::plan::{Plan, PlanService};
use domain::secret::SecretBytes;
use domain::text::Slug;
use domain::time::{Timestamp, Zone};
use store::people::subscribers::{self, NewSubscriber};
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};

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
    /// The customer it belongs to.
    pub customer: Option<CustomerId>,
    /// The zone it is in.
    pub zone: Option<ZoneId>,
}

/// A subscriber as a row of somebody's list describes it: the plan by its name, the number as it was typed.
#[derive(Debug)]
pub struct Listed {
    /// Its login.
    pub username: Username,
    /// Its password.
    pub password: SecretBytes,
    /// The plan's short name.
    pub plan: Slug,
    /// The end of what is paid for.
    pub until: Option<Timestamp>,
    /// A fixed address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Its phone number, as it was typed.
    pub phone: Option<String>,
}

/// Why a row is no subscriber: what is wrong in which column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowFault {
    /// The column.
    pub column: &'static str,
    /// What is wrong there, and what to do.
    pub problem: String,
}

impl Listed {
    /// The subscriber to add, among these plans by their names.
    pub fn wanted(self, plans: &HashMap<&str, &Plan>, country: &CallingCode) -> Result<Wanted, RowFault> {
        let name = self.plan.as_str();
        let of_plan = |problem: String| RowFault { column: "plan", problem };
        let plan = plans.get(name).ok_or_else(|| of_plan(format!("there is no plan `{name}`: publish it first")))?;
        if plan.service == PlanService::Hotspot {
            return Err(of_plan(format!("plan `{name}` is a hotspot plan: subscribers need a pppoe or static plan")));
        }
        let phone = self.phone.as_deref().map(|phone| Msisdn::parse(phone.as_bytes(), country)).transpose();
        let phone = phone.map_err(|why| RowFault { column: "phone", problem: why.to_string() })?;
        Ok(Wanted {
            username: self.username,
            password: self.password,
            plan: plan.id,
            until: self.until,
            framed_ip: self.framed_ip,
            phone,
            customer: None,
            zone: None,
        })
    }
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
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
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
    for Wanted { username, password, plan, until, framed_ip, phone, customer, zone } in wanted {
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
            customer,
            zone,
            created_at: now,
        });
    }
    let mut added = Added::default();
    let mut tx = store.tenant(scope).await?;
    let total = rows.len();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(CHUNK));
        let named: Vec<_> = rows.iter().map(|row| (row.id, row.username.clone())).collect();
        let existing = subscribers::insert_many(&mut tx, rows).await?;
        note(&mut tx, named, &existing, context).await?;
        added.existing.extend(existing);
        rows = rest;
        progress(total - rows.len());
    }
    added.added = total - added.existing.len();
    let new = u64::try_from(added.added).unwrap_or(u64::MAX);
    if new > 0 {
        entitle::may_use(&mut tx, Feature::PppoeStatic, context).await?;
    }
    entitle::had_room(&mut tx, Limit::Customers, new, context).await?;
    tx.commit().await?;
    Ok(added)
}

/// Tells the audit of those who are new.
async fn note(
    tx: &mut TenantTx,
    named: Vec<(SubscriberId, Username)>,
    existing: &[Username],
    context: Context<'_>,
) -> Result<(), StoreError> {
    // A name that stands twice among the rows is told once, as the store adds it once: the first of them.
    let mut left: HashMap<&Username, usize> = HashMap::new();
    for name in existing {
        *left.entry(name).or_default() += 1;
    }
    let mut entries = Vec::with_capacity(named.len());
    // From the last one on: of a name that stands twice, the later one was left out.
    for (id, username) in named.iter().rev() {
        match left.get_mut(username) {
            Some(count) if *count > 0 => *count -= 1,
            Some(_) | None => {
                let changes = vec![Change::of("username", None, Some(username.as_str()))];
                entries.push(context.audit(Verb::AddSubscriber, Thing::Subscriber(*id), changes));
            }
        }
    }
    entries.reverse();
    audit::note(tx, &entries).await
}
