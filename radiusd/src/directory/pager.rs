//! From the database into the book: names that somebody asks for, and everything at the start.
//!
//! A row may change while it is on its way. Whoever loads looks whether the feed has told of a change of that tenant
//! meanwhile, and then loads again.

use std::sync::Arc;
use std::time::Duration;

use domain::access::facts::{FoundBy, Right};
use domain::id::{PlanId, TenantId};
use domain::phone::Msisdn;
use domain::sales::voucher::VoucherState;
use domain::time::Timestamp;
use smallvec::SmallVec;
use store::access::hours;
use store::access::known::{self, KnownRight, Meanings};
use store::page::{Listed, Page};
use store::platform::tenants;
use store::sales::plans;
use store::{StoreError, TenantScope, TenantTx, Unusable};
use tokio::time::timeout;
use tracing::error;
use uuid::Uuid;

use crate::directory::book::{Habits, NewRight, RightEntry, TenantCell};
use crate::live::holder::HolderLive;
use crate::node::Node;

/// How often names are loaded when something of their tenant changes again and again meanwhile.
const TRIES_MAX: usize = 5;

/// Vouchers and subscribers that are loaded in one statement.
const PAGE: u16 = 1_000;

/// How long one page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What looking a name up has told beside what is in the book now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LookedUp {
    /// Whether the name has a meaning.
    pub(crate) has_meaning: bool,
    /// Whether a live code of the tenant differs only in capital and small letters.
    pub(crate) differs_only_in_case: bool,
}

/// Loads a name into the book. When it is not there afterwards, it has no meaning.
pub(crate) async fn look_up(node: &Node, scope: &TenantScope, name: &[u8]) -> Result<LookedUp, StoreError> {
    let looked_up = load_names(node, scope, &[name]).await?;
    Ok(looked_up.first().copied().unwrap_or_default())
}

/// Loads names into the book; those without a meaning are taken out. Answers in the order of the names.
pub(crate) async fn load_names(node: &Node, scope: &TenantScope, names: &[&[u8]]) -> Result<Vec<LookedUp>, StoreError> {
    let tenant = tenant(node, scope).await?;
    for _ in 0..TRIES_MAX {
        let before = tenant.changes();
        let mut tx = node.store.tenant(scope).await?;
        let found = known::by_names(&mut tx, names).await?.found;
        if tenant.changes() != before {
            continue;
        }
        let looked_up = found
            .iter()
            .map(|one| LookedUp { has_meaning: !one.rights.is_empty(), differs_only_in_case: one.differs_only_in_case })
            .collect();
        let holders: Vec<Uuid> =
            found.iter().flat_map(|one| &one.rights).map(|(known, _)| known.right.holder().uuid()).collect();
        for (name, meanings) in names.iter().zip(found) {
            put(node, &mut tx, &tenant, name, meanings).await?;
        }
        count_lately(node, &mut tx, &tenant, holders).await?;
        tx.commit().await?;
        node.note_names();
        if tenant.changes() == before {
            return Ok(looked_up);
        }
    }
    // Nobody changes so much for long. Until then the names are looked up whenever somebody asks.
    for name in names {
        node.book.drop_name(tenant.id, name);
    }
    Err(StoreError::Unavailable { reason: "too much was changing while a name was looked up".to_owned() })
}

async fn put(
    node: &Node,
    tx: &mut TenantTx,
    tenant: &Arc<TenantCell>,
    name: &[u8],
    meanings: Meanings,
) -> Result<(), StoreError> {
    let mut entries: SmallVec<[(Arc<RightEntry>, FoundBy); 1]> = SmallVec::new();
    for (right, found_by) in meanings.rights {
        if let Some(entry) = put_right(node, tx, tenant, right).await? {
            entries.push((entry, found_by));
        }
    }
    node.book.put_name(tenant, name, entries, meanings.phone);
    Ok(())
}

/// Puts a right in, with its plan. One whose plan cannot be found is left out.
pub(crate) async fn put_right(
    node: &Node,
    tx: &mut TenantTx,
    tenant: &TenantCell,
    known: KnownRight,
) -> Result<Option<Arc<RightEntry>>, StoreError> {
    let KnownRight { right, name, plan: plan_id, used_in, used_out, places, marks } = known;
    let plan = match node.book.plan(plan_id) {
        Some(plan) => Some(plan),
        None => load_plans(node, tx, tenant, &[plan_id]).await?.then(|| node.book.plan(plan_id)).flatten(),
    };
    let Some(plan) = plan else {
        error!(plan.id = %plan_id, "somebody has a plan that is not there");
        return Ok(None);
    };
    let live = HolderLive::loaded(places, used_in, used_out);
    Ok(Some(node.book.put_right(tenant.id, NewRight { right, plan, name, marks, live })))
}

/// Begins to count what these use in periods, where their plan counts it and that is not done already. Nobody else costs
/// a statement.
pub(crate) async fn count_lately(
    node: &Node,
    tx: &mut TenantTx,
    tenant: &TenantCell,
    holders: impl IntoIterator<Item = Uuid>,
) -> Result<(), StoreError> {
    let now = node.clock.now();
    let mut new: Vec<Arc<RightEntry>> = Vec::new();
    for entry in holders.into_iter().filter_map(|holder| node.book.right(holder)) {
        let counts = entry.facts.load().plan.load().terms.counts_any();
        let mut live = entry.live();
        match counts {
            false => live.count_no_more(),
            true if live.recent(now).is_some() => {}
            true => {
                drop(live);
                new.push(entry);
            }
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = new.iter().map(|entry| entry.holder).collect();
    let zone = tenant.habits.load().zone.clone();
    let lately = hours::recent(tx, &ids, &zone, now).await?;
    for entry in new {
        let lately = lately.get(&entry.holder).copied().unwrap_or_default();
        entry.live().count_lately(&zone, lately, now);
    }
    Ok(())
}

/// Loads plans into the book. Returns whether any was there.
pub(crate) async fn load_plans(
    node: &Node,
    tx: &mut TenantTx,
    tenant: &TenantCell,
    ids: &[PlanId],
) -> Result<bool, StoreError> {
    let plans = plans::load(tx, Some(ids)).await?;
    tell_of_unusable(tenant, &plans.unusable);
    let any = !plans.found.is_empty();
    for plan in plans.found {
        node.book.put_plan(plan);
    }
    Ok(any)
}

/// The tenant's cell; its habits are loaded when it is new.
async fn tenant(node: &Node, scope: &TenantScope) -> Result<Arc<TenantCell>, StoreError> {
    if let Some(tenant) = node.book.tenant(scope.tenant()) {
        return Ok(tenant);
    }
    load_tenants(node).await?;
    node.book.tenant(scope.tenant()).ok_or(StoreError::Missing { what: "tenant" })
}

/// Loads all tenants' habits.
pub(crate) async fn load_tenants(node: &Node) -> Result<Vec<Arc<TenantCell>>, StoreError> {
    let mut tx = node.store.system().await?;
    let tenants = tenants::list(&mut tx).await?;
    tx.commit().await?;
    let put = |tenant: domain::platform::tenant::Tenant| {
        node.book.put_tenant(tenant.id, Habits { zone: tenant.zone, country: tenant.calling_code, house: tenant.house })
    };
    Ok(tenants.into_iter().map(put).collect())
}

/// What is loaded next of a tenant, one transaction at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// All plans.
    Plans,
    /// Subscribers, page by page.
    Subscribers(Page<Uuid>),
    /// Vouchers that are sold or in use and had not ended at that moment.
    Vouchers(Page<Uuid>, Timestamp),
}

/// Loads everything of a tenant that may come online, and all its plans. For the reader of the feed alone, which reads
/// on from before this: what changes meanwhile is loaded again.
pub(crate) async fn load_tenant(node: &Node, tenant: &Arc<TenantCell>) -> Result<(), StoreError> {
    let mut part = Some(Part::Plans);
    while let Some(this) = part {
        (_, part) = load_part(node, tenant, this).await?;
    }
    Ok(())
}

/// Loads a part of that. Returns how many vouchers and subscribers it had, and what follows.
pub(crate) async fn load_part(
    node: &Node,
    tenant: &Arc<TenantCell>,
    part: Part,
) -> Result<(usize, Option<Part>), StoreError> {
    patiently(async {
        let mut tx = node.store.tenant(&TenantScope::of_operator(tenant.id)).await?;
        let (count, next) = match part {
            Part::Plans => {
                let plans = plans::load(&mut tx, None).await?;
                tell_of_unusable(tenant, &plans.unusable);
                for plan in plans.found {
                    node.book.put_plan(plan);
                }
                (0, Some(Part::Subscribers(Page::first(PAGE))))
            }
            Part::Subscribers(page) => {
                let Listed { rows, next } = known::subscriber_ids(&mut tx, page).await?;
                let vouchers = || Part::Vouchers(Page::first(PAGE), node.clock.now());
                let next = next.map_or_else(vouchers, |after| Part::Subscribers(Page::after(after, PAGE)));
                (load_ids(node, &mut tx, tenant, &rows).await?, Some(next))
            }
            Part::Vouchers(page, ended_before) => {
                let Listed { rows, next } = known::voucher_ids_in_use(&mut tx, ended_before, page).await?;
                let next = next.map(|after| Part::Vouchers(Page::after(after, PAGE), ended_before));
                (load_ids(node, &mut tx, tenant, &rows).await?, next)
            }
        };
        tx.commit().await?;
        node.note_names();
        Ok((count, next))
    })
    .await
}

/// Waits for a few statements, and not for ever: the connection may be dead without anybody's saying so.
pub(crate) async fn patiently<T>(asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let too_slow = || StoreError::Unavailable { reason: "it took too long".to_owned() };
    timeout(PATIENCE, asking).await.unwrap_or_else(|_elapsed| Err(too_slow()))
}

/// Loads vouchers and subscribers of whom accounting speaks.
pub(crate) async fn load_holders(node: &Node, tenant: TenantId, ids: &[Uuid]) -> Result<(), StoreError> {
    let scope = TenantScope::of_journal(tenant);
    let cell = self::tenant(node, &scope).await?;
    // One statement takes so many and no more; after a restart there may be more who are online.
    for some in ids.chunks(usize::from(PAGE)) {
        let mut tx = node.store.tenant(&scope).await?;
        load_ids(node, &mut tx, &cell, some).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn load_ids(node: &Node, tx: &mut TenantTx, tenant: &Arc<TenantCell>, ids: &[Uuid]) -> Result<usize, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let loaded = known::by_ids(tx, ids).await?;
    tell_of_unusable(tenant, &loaded.unusable);
    let count = loaded.found.len();
    for right in loaded.found {
        put_named(node, tx, tenant, right).await?;
    }
    count_lately(node, tx, tenant, ids.iter().copied()).await?;
    Ok(count)
}

/// Puts a right in, under its exact name.
pub(crate) async fn put_named(
    node: &Node,
    tx: &mut TenantTx,
    tenant: &Arc<TenantCell>,
    right: KnownRight,
) -> Result<(), StoreError> {
    if let Some(entry) = put_right(node, tx, tenant, right).await? {
        name_exactly(node, tenant, entry);
    }
    Ok(())
}

/// Whether somebody may log in with it soon: cards that nobody has bought are many, and are loaded when they are used.
pub(crate) const fn is_awaited(right: &Right) -> bool {
    match right {
        Right::Subscriber { .. } => true,
        Right::Voucher { state, .. } => matches!(state, VoucherState::Sold { .. } | VoucherState::Active { .. }),
    }
}

/// Tells of rows that cannot be read: who they belong to cannot log in.
pub(crate) fn tell_of_unusable(tenant: &TenantCell, unusable: &[Unusable]) {
    for Unusable { id, reason } in unusable {
        error!(tenant.id = %tenant.id, "{id} cannot be read, so nobody can log in with it: {reason}");
    }
}

/// Names a right by its code or user name, unless it could also be a phone number: then it may mean more.
fn name_exactly(node: &Node, tenant: &Arc<TenantCell>, entry: Arc<RightEntry>) {
    let facts = entry.facts.load_full();
    let found_by = match &facts.right {
        Right::Voucher { .. } => FoundBy::Code,
        Right::Subscriber { .. } => FoundBy::Username,
    };
    let name = facts.exact_name();
    if Msisdn::parse(name, &tenant.habits.load().country).is_ok() {
        return;
    }
    // A code may also be somebody's user name: then both are found together, when somebody asks.
    let other =
        node.book.with(tenant.id, name, |known| !known.meanings.iter().any(|(one, _)| Arc::ptr_eq(one, &entry)));
    match other {
        Some(true) => node.book.drop_name(tenant.id, name),
        Some(false) => {}
        None => node.book.put_name(tenant, name, SmallVec::from_iter([(entry, found_by)]), None),
    }
}
