//! Between what this node knows and its snapshot: written about every minute and when the role stops, read when the
//! role starts while the database is away.

use std::sync::Arc;
use std::time::Duration;

use domain::access::facts::FoundBy;
use domain::access::usage::Recent;
use domain::id::{JournalId, TenantId};
use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use smallvec::SmallVec;
use store::access::hours::UsedLately;
use store::access::known::KnownRight;
use store::access::sessions::StoredSession;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::directory::book::{Book, NewRight, RightEntry};
use crate::directory::registry::Registry;
use crate::directory::snapshot::{Item, Reader, RightSeen, SnapshotError, Times, Writer};
use crate::live::holder::HolderLive;
use crate::node::Node;

/// One that took long to write is followed by a pause so many times as long: it may cost a fiftieth of one core.
const REST: u32 = 50;

/// When nothing changes it is written all the same now and then, so that it does not look old.
const AT_LEAST_EVERY: Duration = Duration::from_secs(900);

/// What came back from a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// Vouchers and subscribers.
    pub(crate) rights: usize,
    /// Things that point at something which is not there.
    pub(crate) lost: usize,
    /// Routers with their secrets.
    pub(crate) routers: Vec<(Nas, SecretBytes)>,
    /// Open sessions.
    pub(crate) sessions: Vec<(TenantId, StoredSession)>,
    /// How far which journal was heard.
    pub(crate) heard: Option<(JournalId, u64)>,
}

/// What tells whether there is anything new to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mark {
    heard: u64,
    answered: [u64; 2],
    changes: u64,
    known: [usize; 2],
    routers: usize,
}

impl Mark {
    fn of(node: &Node) -> Self {
        let answered = node.meters.answered_logins();
        Self {
            heard: node.journal.next(),
            answered: [answered.accepted, answered.refused],
            changes: node.freshness.changes(),
            known: [node.book.rights_count(), node.book.len()],
            routers: Arc::as_ptr(&node.registry.load()).addr(),
        }
    }
}

/// Writes snapshots until the role stops, and then the last one.
pub(crate) async fn keep_writing(node: Arc<Node>, shutdown: CancellationToken) {
    let (mut told, mut pause, mut last) = (false, node.settings.snapshot_every, None);
    loop {
        let stops = tokio::select! {
            () = shutdown.cancelled() => true,
            () = tokio::time::sleep(pause) => false,
        };
        let (began, mark) = (Instant::now(), Mark::of(&node));
        let is_written = last
            .is_some_and(|(at, written): (Instant, Mark)| written == mark && began.duration_since(at) < AT_LEAST_EVERY);
        if !is_written || stops {
            let writer = Arc::clone(&node);
            match tokio::task::spawn_blocking(move || write_all(&writer)).await {
                Ok(Ok(items)) => {
                    told = false;
                    last = Some((began, mark));
                    debug!(items, "the snapshot of {items} things took {} ms", began.elapsed().as_millis());
                }
                Ok(Err(why)) if !std::mem::replace(&mut told, true) => {
                    warn!("the snapshot cannot be written; a start without the database would know nobody: {why}");
                }
                Ok(Err(_)) | Err(_) => {}
            }
            pause = node.settings.snapshot_every.max(began.elapsed() * REST);
        }
        let age = last.map_or(-1, |(at, _)| i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX));
        node.meters.book_snapshot_age_seconds.set(age);
        if stops {
            return;
        }
    }
}

/// A node that has never known everything leaves the last snapshot as it is.
fn write_all(node: &Node) -> Result<u64, SnapshotError> {
    let Some(known_at) = node.freshness.known_at() else { return Ok(0) };
    let times = Times { taken_at: node.clock.now(), known_at };
    let mut writer = Writer::create(&node.settings.snapshot, &node.store, times)?;
    for known in node.registry.load().all() {
        writer.router(&known.nas, known.secret.expose())?;
    }
    node.live.at_rest(|| {
        write(&node.book, &mut writer)?;
        let heard = node.live.each_open(|tenant, session| writer.session(tenant, session))?;
        writer.heard(node.journal.id(), heard)
    })?;
    writer.finish()
}

/// Writes the book as it is, item by item: what changes meanwhile is in it or not.
pub(crate) fn write(book: &Book, writer: &mut Writer) -> Result<(), SnapshotError> {
    for tenant in book.tenants() {
        let habits = tenant.habits.load();
        writer.tenant(tenant.id, &habits)?;
    }
    for plan in book.plans() {
        writer.plan(&plan.load())?;
    }
    for entry in book.rights() {
        // Only copied behind the lock: somebody may be logging in.
        let (places, (used_in, used_out), recent) = {
            let live = entry.live();
            (live.places().to_vec(), live.used_each_way(), live.recent(writer.times().taken_at))
        };
        let facts = entry.facts.load();
        let plan = facts.plan.load().id;
        let (right, name, places, marks) = (&facts.right, &facts.name, places.as_slice(), facts.marks());
        let seen = RightSeen { right, name, plan, used_in, used_out, recent, places, marks };
        writer.right(entry.tenant, seen)?;
    }
    book.each_name(|tenant, name, entry| {
        let meanings: SmallVec<[(Uuid, FoundBy); 1]> =
            entry.meanings.iter().map(|(right, found_by)| (right.holder.uuid(), *found_by)).collect();
        writer.name(tenant, name, entry.phone.as_ref(), &meanings)
    })
}

/// Fills memory from the snapshot, if there is one that can be used: those who are known may ask and come online.
pub(crate) async fn restore(node: &Arc<Node>) {
    let reader = Arc::clone(node);
    let restored = tokio::task::spawn_blocking(move || restore_to(&reader)).await;
    match restored {
        Ok(Ok(Some((Restored { rights, lost, .. }, Times { known_at, .. })))) => {
            let routers = node.registry.load().len();
            let age_seconds = node.clock.now().since(known_at).as_seconds();
            warn!(
                rights,
                routers,
                lost,
                age_seconds,
                "the database is away: {routers} routers and {rights} vouchers and subscribers are known from a \
                 snapshot, as things were at {known_at}"
            );
        }
        Ok(Ok(None)) => info!("the database is away and there is no snapshot: nobody is known yet"),
        Ok(Err(why)) => warn!("the database is away and the snapshot cannot be used: {why}"),
        Err(_) => {}
    }
}

fn restore_to(node: &Node) -> Result<Option<(Restored, Times)>, SnapshotError> {
    let settings = &node.settings;
    let opened = Reader::open(&settings.snapshot, &node.store, node.clock.now(), settings.snapshot_age_max)?;
    let Some(mut reader) = opened else { return Ok(None) };
    let mut restored = Restored::default();
    let read = read(&node.book, &mut reader, &mut restored);
    match read {
        Ok(()) => {}
        // What came before is as it was written, so those are known.
        Err(why) if !restored.routers.is_empty() => warn!("only a part of the snapshot can be read: {why}"),
        Err(why) => return Err(why),
    }
    let routers = std::mem::take(&mut restored.routers);
    let known = Arc::new(Registry::of(routers, &Registry::default()));
    // The database may have told meanwhile.
    node.registry.rcu(|now| if now.is_empty() { Arc::clone(&known) } else { Arc::clone(now) });
    node.meters.nas_known.set(i64::try_from(node.registry.load().len()).unwrap_or(i64::MAX));
    let heard = restored.heard.filter(|(journal, _)| *journal == node.journal.id()).map(|(_, next)| next);
    node.live.recall(node, std::mem::take(&mut restored.sessions), heard);
    if node.freshness.known_at().is_none() {
        node.freshness.note_remembered(reader.times().known_at);
    }
    node.note_names();
    Ok(Some((restored, reader.times())))
}

/// Puts what a snapshot holds into the book, and gives what is not the book's. What is in the book already is newer.
pub(crate) fn read(book: &Book, reader: &mut Reader, restored: &mut Restored) -> Result<(), SnapshotError> {
    while let Some(item) = reader.read()? {
        let is_put = match item {
            Item::Router(nas, secret) => {
                restored.routers.push((*nas, secret));
                true
            }
            Item::Heard { journal, next } => {
                restored.heard = Some((journal, next));
                true
            }
            Item::Session { tenant, session } => {
                restored.sessions.push((tenant, *session));
                true
            }
            Item::Tenant { id, habits } => {
                if book.tenant(id).is_none() {
                    book.put_tenant(id, *habits);
                }
                true
            }
            Item::Plan(plan) => {
                if book.plan(plan.id).is_none() {
                    book.put_plan(*plan);
                }
                true
            }
            Item::Right { tenant, right, recent } => {
                let is_known = put_right(book, tenant, *right, recent.map(|recent| (*recent, reader.times().taken_at)));
                restored.rights += usize::from(is_known);
                is_known
            }
            Item::Name { tenant, name, phone, meanings } => {
                let found: SmallVec<[(Arc<RightEntry>, FoundBy); 1]> =
                    meanings.iter().filter_map(|(id, found_by)| Some((book.right(*id)?, *found_by))).collect();
                let is_known = book.with(tenant, &name, |_| ()).is_some();
                let tenant = book.tenant(tenant).filter(|_| found.len() == meanings.len() && !found.is_empty());
                if let Some(tenant) = tenant.as_ref().filter(|_| !is_known) {
                    book.put_name(tenant, &name, found, phone);
                }
                tenant.is_some()
            }
        };
        restored.lost += usize::from(!is_put);
    }
    Ok(())
}

/// Whether the book knows it now.
fn put_right(book: &Book, tenant: TenantId, known: KnownRight, recent: Option<(Recent, Timestamp)>) -> bool {
    let KnownRight { right, name, plan, used_in, used_out, places, marks } = known;
    if book.right(right.holder().uuid()).is_some() {
        return true;
    }
    let Some(plan) = book.plan(plan) else { return false };
    let mut live = HolderLive::loaded(places, used_in, used_out);
    if let Some((recent, taken_at)) = recent
        && let Some(cell) = book.tenant(tenant)
    {
        let lately = UsedLately { total: live.used().get(), recent };
        live.count_lately(&cell.habits.load().zone, lately, taken_at);
    }
    book.put_right(tenant, NewRight { right, plan, name, marks, live });
    true
}
