//! Keeps the book true: what was changed in the database, by whomever, is in force here within a second.
//!
//! Reads the feed of changes from where it read last, so that none is missed, in whatever order transactions commit.
//! Tells how old its knowledge is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PlanId, TenantId};
use domain::phone::Msisdn;
use store::access::known;
use store::changes::{self, Change, Cursor, What};
use store::{StoreError, TenantScope};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::directory::book::{self, RightEntry, TenantCell};
use crate::directory::{pager, snapshot};
use crate::node::Node;

/// How often the feed is read.
const EVERY: Duration = Duration::from_millis(300);

/// Rows and names that are loaded in one statement.
const PAGE: usize = 500;

/// Those go of whom nobody has asked for so many minutes, when there are too many in memory.
const IDLE_MINUTES: u32 = 10;

/// How long one reading may take, the loading of what changed included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the feed until the role stops.
pub(crate) async fn keep_fresh(node: Arc<Node>, shutdown: CancellationToken) {
    let mut reader = Reader { cursor: None, read_at: None };
    let mut told = false;
    let mut restored = false;
    loop {
        let read = tokio::select! {
            () = shutdown.cancelled() => return,
            read = timeout(PATIENCE, reader.step(&node)) => read.unwrap_or_else(|_elapsed| Err(too_slow())),
        };
        match read {
            Ok(more) => {
                node.meters.book_readings.inc();
                told = false;
                if more {
                    continue;
                }
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
        node.meters.book_age_seconds.set(reader.age());
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

fn too_slow() -> StoreError {
    StoreError::Unavailable { reason: "it took too long".to_owned() }
}

/// Where a node stands in the feed.
struct Reader {
    /// `None` until the whole book was loaded.
    cursor: Option<Cursor>,
    read_at: Option<Instant>,
}

impl Reader {
    /// Reads what is new. Returns whether there is more.
    async fn step(&mut self, node: &Node) -> Result<bool, StoreError> {
        let Some(cursor) = &self.cursor else { return self.load_all(node).await };
        let mut tx = node.store.system().await?;
        let batch = changes::since(&mut tx, cursor, changes::BATCH_MAX).await?;
        tx.commit().await?;
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
        // What changes while it is loaded is told afterwards.
        let mut tx = node.store.system().await?;
        let cursor = changes::start(&mut tx).await?;
        tx.commit().await?;
        let began = Instant::now();
        // From before a gap of the feed, or from a snapshot: what is over by now would not be met otherwise.
        let held = node.book.rights();
        let count = pager::load_all(node).await?;
        load_again(node, &held).await?;
        info!(count, "{count} vouchers and subscribers are in memory after {} ms", began.elapsed().as_millis());
        self.cursor = Some(cursor);
        self.read_at = Some(Instant::now());
        Ok(true)
    }

    fn age(&self) -> i64 {
        self.read_at.map_or(-1, |at| i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

/// Loads rights again that are in memory, whatever has become of them.
async fn load_again(node: &Node, held: &[Arc<RightEntry>]) -> Result<(), StoreError> {
    let mut tenants: BTreeMap<TenantId, OfTenant> = BTreeMap::new();
    for right in held {
        tenants.entry(right.tenant).or_default().holders.push(right.holder.uuid());
    }
    for (tenant, of_tenant) in tenants {
        let Some(cell) = node.book.tenant(tenant) else { continue };
        apply_to(node, &cell, of_tenant).await?;
    }
    Ok(())
}

/// What has changed of one tenant.
#[derive(Debug, Default)]
struct OfTenant {
    itself: bool,
    all: bool,
    plans: Vec<PlanId>,
    holders: Vec<Uuid>,
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
        }
    }
    if tenants.values().any(|of_tenant| of_tenant.itself) {
        pager::load_tenants(node).await?;
    }
    for (tenant, of_tenant) in tenants {
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
        let mut tx = node.store.tenant(&scope).await?;
        pager::load_plans(node, &mut tx, tenant, &of_tenant.plans).await?;
        tx.commit().await?;
    }
    of_tenant.holders.sort_unstable();
    of_tenant.holders.dedup();
    for ids in of_tenant.holders.chunks(PAGE) {
        let mut names = load_rights(node, tenant, &scope, ids).await?;
        names.sort_unstable();
        names.dedup();
        for some in names.chunks(PAGE) {
            let some: Vec<&[u8]> = some.iter().map(AsRef::as_ref).collect();
            pager::load_names(node, &scope, &some).await?;
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
    tx.commit().await?;
    Ok(names)
}
