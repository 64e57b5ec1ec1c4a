//! Keeps the book true: what was changed in the database, by whomever, is in force here within a second.
//!
//! Reads the feed of changes from where it read last, so that none is missed, in whatever order transactions commit.
//! Tells how old its knowledge is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PlanId, TenantId};
use domain::mac::Mac;
use domain::phone::Msisdn;
use store::access::known;
use store::changes::{self, Change, Cursor, What};
use store::{StoreError, TenantScope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::directory::book::{self, RightEntry, TenantCell};
use crate::directory::pager::Part;
use crate::directory::{pager, snapshot};
use crate::node::Node;

/// How often the feed is read.
const EVERY: Duration = Duration::from_millis(300);

/// Rows and names that are loaded in one statement.
const PAGE: usize = 500;

/// Those go of whom nobody has asked for so many minutes, when there are too many in memory.
const IDLE_MINUTES: u32 = 10;

/// Reads the feed until the role stops.
pub(crate) async fn keep_fresh(node: Arc<Node>, shutdown: CancellationToken) {
    let mut reader = Reader::default();
    let mut told = false;
    // Whoever starts before the database has read it already.
    let mut restored = !node.store.is_open();
    loop {
        let read = tokio::select! {
            () = shutdown.cancelled() => return,
            read = reader.step(&node) => read,
        };
        match read {
            Ok(more) => {
                node.meters.book_readings.inc();
                told = false;
                if more {
                    continue;
                }
                node.freshness.note_read(node.clock.now());
            }
            Err(why) if why.is_unavailable() && reader.cursor.is_none() && !restored => {
                debug!("the book is filled from its snapshot: {why}");
                restored = true;
                snapshot::book::restore(&node).await;
            }
            Err(why) if why.is_unavailable() => debug!("the book waits for the database: {why}"),
            Err(why) => {
                if !std::mem::replace(&mut told, true) {
                    warn!("the book cannot be kept fresh: {why}");
                }
            }
        }
        node.meters.book_age_seconds.set(reader.age(&node));
        sweep(&node);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Makes room when there are more in memory than there should be.
fn sweep(node: &Node) {
    let more = node.book.rights_count().saturating_sub(node.settings.rights_max);
    if more > 0 {
        let went = node.book.sweep(IDLE_MINUTES, more, node.clock.now());
        debug!(more, went, "{went} of {more} rights too many have left memory");
        node.note_names();
    }
}

/// Where a node stands in the feed.
#[derive(Default)]
struct Reader {
    /// `None` until the whole book was loaded.
    cursor: Option<Cursor>,
    loading: Option<Loading>,
    read_at: Option<Instant>,
}

/// The loading of the whole book: goes on where it stopped when the database was away for a moment.
struct Loading {
    /// Where the feed was before: what has changed since is told afterwards.
    cursor: Cursor,
    began: Instant,
    /// Those that are left; the last one comes first.
    tenants: Vec<Arc<TenantCell>>,
    part: Part,
    count: usize,
    /// From before a gap of the feed, or from a snapshot, by tenant: what is over by now would not be met otherwise.
    held: Vec<Arc<RightEntry>>,
}

impl Loading {
    async fn begin(node: &Node) -> Result<Self, StoreError> {
        let mut tx = node.store.system().await?;
        let cursor = changes::start(&mut tx).await?;
        tx.commit().await?;
        let tenants = pager::load_tenants(node).await?;
        let mut held = node.book.rights();
        held.sort_unstable_by_key(|right| right.tenant);
        Ok(Self { cursor, began: Instant::now(), tenants, part: Part::Plans, count: 0, held })
    }

    /// Loads all that is left.
    async fn go_on(&mut self, node: &Node) -> Result<(), StoreError> {
        while let Some(tenant) = self.tenants.last() {
            let (count, next) = pager::load_part(node, tenant, self.part).await?;
            self.count += count;
            if next.is_none() {
                self.tenants.pop();
            }
            self.part = next.unwrap_or(Part::Plans);
        }
        while let Some(tenant) = self.held.last().map(|right| right.tenant) {
            let some = self.held.iter().rev().take(PAGE).take_while(|right| right.tenant == tenant);
            let holders: Vec<Uuid> = some.map(|right| right.holder.uuid()).collect();
            let count = holders.len();
            if let Some(cell) = node.book.tenant(tenant) {
                apply_to(node, &cell, OfTenant { holders, ..OfTenant::default() }).await?;
            }
            self.held.truncate(self.held.len() - count);
        }
        Ok(())
    }
}

impl Reader {
    /// Reads what is new. Returns whether there is more.
    async fn step(&mut self, node: &Node) -> Result<bool, StoreError> {
        let Some(cursor) = &self.cursor else { return self.load_all(node).await };
        let batch = pager::patiently(async {
            let mut tx = node.store.system().await?;
            let batch = changes::since(&mut tx, cursor, changes::BATCH_MAX).await?;
            tx.commit().await?;
            Ok(batch)
        });
        let batch = batch.await?;
        if batch.must_reload {
            warn!("more has changed than the feed still tells of; all names are loaded again");
            self.cursor = None;
            return Ok(true);
        }
        apply(node, &batch.changes).await?;
        self.cursor = Some(batch.next);
        self.read_at = Some(Instant::now());
        Ok(batch.more)
    }

    async fn load_all(&mut self, node: &Node) -> Result<bool, StoreError> {
        let loading = match &mut self.loading {
            Some(loading) => loading,
            None => self.loading.insert(pager::patiently(Loading::begin(node)).await?),
        };
        loading.go_on(node).await?;
        if let Some(Loading { cursor, began, count, .. }) = self.loading.take() {
            info!(count, "{count} vouchers and subscribers are in memory after {} ms", began.elapsed().as_millis());
            self.cursor = Some(cursor);
            self.read_at = Some(Instant::now());
            node.freshness.note_change();
        }
        Ok(true)
    }

    fn age(&self, node: &Node) -> i64 {
        let seconds = |age: Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        match (self.read_at, node.freshness.known_at()) {
            (Some(at), _) => seconds(at.elapsed()),
            (None, Some(remembered)) => node.clock.now().since(remembered).as_seconds().max(0),
            (None, None) => -1,
        }
    }
}

/// What has changed of one tenant.
#[derive(Debug, Default)]
struct OfTenant {
    itself: bool,
    all: bool,
    plans: Vec<PlanId>,
    holders: Vec<Uuid>,
    addresses: Vec<Mac>,
}

async fn apply(node: &Node, changes: &[Change]) -> Result<(), StoreError> {
    let mut tenants: BTreeMap<TenantId, OfTenant> = BTreeMap::new();
    for change in changes {
        let of_tenant = tenants.entry(change.tenant).or_default();
        match change.what {
            What::Tenant => of_tenant.itself = true,
            What::All => of_tenant.all = true,
            What::Plan(plan) => of_tenant.plans.push(plan),
            What::Voucher(id) => of_tenant.holders.push(id.uuid()),
            What::Subscriber(id) => of_tenant.holders.push(id.uuid()),
            // The registry of routers is looked at by itself.
            What::Router(_) => {}
            What::Device(address) => of_tenant.addresses.push(address),
        }
    }
    if !tenants.is_empty() {
        node.freshness.note_change();
    }
    if tenants.values().any(|of_tenant| of_tenant.itself) {
        pager::patiently(pager::load_tenants(node)).await?;
        // What an address means may be another thing now.
        node.unmet.clear();
    }
    for (tenant, of_tenant) in tenants {
        for address in &of_tenant.addresses {
            node.unmet.forget(tenant, *address);
            node.book.drop_address(tenant, *address);
        }
        // One of which nobody has asked yet has nothing in the book.
        let Some(cell) = node.book.tenant(tenant) else { continue };
        cell.note_change();
        apply_to(node, &cell, of_tenant).await?;
    }
    node.note_names();
    Ok(())
}

async fn apply_to(node: &Node, tenant: &Arc<TenantCell>, mut of_tenant: OfTenant) -> Result<(), StoreError> {
    let scope = TenantScope::of_operator(tenant.id);
    if of_tenant.all {
        pager::load_tenant(node, tenant).await?;
        let held = node.book.rights();
        of_tenant
            .holders
            .extend(held.iter().filter(|right| right.tenant == tenant.id).map(|right| right.holder.uuid()));
    }
    of_tenant.plans.sort_unstable();
    of_tenant.plans.dedup();
    if !of_tenant.plans.is_empty() {
        pager::patiently(async {
            let mut tx = node.store.tenant(&scope).await?;
            pager::load_plans(node, &mut tx, tenant, &of_tenant.plans).await?;
            tx.commit().await
        })
        .await?;
    }
    of_tenant.holders.sort_unstable();
    of_tenant.holders.dedup();
    for ids in of_tenant.holders.chunks(PAGE) {
        let mut names = pager::patiently(load_rights(node, tenant, &scope, ids)).await?;
        names.sort_unstable();
        names.dedup();
        for some in names.chunks(PAGE) {
            let some: Vec<&[u8]> = some.iter().map(AsRef::as_ref).collect();
            pager::patiently(pager::load_names(node, &scope, &some)).await?;
        }
    }
    Ok(())
}

/// Puts rows in that have changed. Returns the names that may mean something else now.
async fn load_rights(
    node: &Node,
    tenant: &Arc<TenantCell>,
    scope: &TenantScope,
    ids: &[Uuid],
) -> Result<Vec<Box<[u8]>>, StoreError> {
    let mut names: Vec<Box<[u8]>> = Vec::new();
    let note_phone = |names: &mut Vec<Box<[u8]>>, phone: Option<&Msisdn>| {
        if let Some(phone) = phone {
            names.extend(node.book.spellings(tenant.id, phone));
        }
    };
    let mut tx = node.store.tenant(scope).await?;
    let loaded = known::by_ids(&mut tx, ids).await?;
    pager::tell_of_unusable(tenant, &loaded.unusable);
    let rows = loaded.found;
    for id in ids.iter().filter(|id| !rows.iter().any(|row| row.right.holder().uuid() == **id)) {
        if let Some(gone) = node.book.right(*id) {
            note_phone(&mut names, gone.facts.load().bought_by());
        }
        node.book.drop_right(*id);
    }
    for row in rows {
        let before = node.book.right(row.right.holder().uuid()).map(|known| known.facts.load_full());
        note_phone(&mut names, book::bought_by(&row.name));
        if let Some(before) = &before {
            note_phone(&mut names, before.bought_by());
        }
        let name: Box<[u8]> = book::exact_name(&row.right, &row.name).into();
        match before {
            Some(before) => {
                if *before.exact_name() != *name {
                    names.push(before.exact_name().into());
                    names.push(name);
                }
                pager::put_right(node, &mut tx, tenant, row).await?;
            }
            // Another meaning of its name is here: which goes before the other is for the store to say.
            None if node.book.with(tenant.id, &name, |_| ()).is_some() => names.push(name),
            // Whoever has just been sold to is about to log in.
            None if pager::is_awaited(&row.right) && node.book.rights_count() < node.settings.rights_max => {
                pager::put_named(node, &mut tx, tenant, row).await?;
            }
            None => {}
        }
    }
    pager::count_lately(node, &mut tx, tenant, ids.iter().copied()).await?;
    tx.commit().await?;
    Ok(names)
}
