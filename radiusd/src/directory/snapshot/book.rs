//! Between the book and its snapshot: written every few minutes and when the role stops, read when the role starts
//! while the database is away.

use std::sync::Arc;
use std::time::Duration;

use domain::access::facts::FoundBy;
use smallvec::SmallVec;
use store::access::known::KnownRight;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::directory::book::{Book, Habits, NewRight, RightEntry};
use crate::directory::snapshot::{Item, Reader, RightSeen, SnapshotError, Writer};
use crate::live::holder::HolderLive;
use crate::node::Node;

/// How often the snapshot is written.
const EVERY: Duration = Duration::from_secs(300);

/// What came back from a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Restored {
    /// Vouchers and subscribers.
    pub(crate) rights: usize,
    /// Things that point at something which is not there.
    pub(crate) lost: usize,
}

/// Writes snapshots until the role stops, and then the last one.
pub(crate) async fn keep_writing(node: Arc<Node>, shutdown: CancellationToken) {
    let mut told = false;
    loop {
        let stops = tokio::select! {
            () = shutdown.cancelled() => true,
            () = tokio::time::sleep(EVERY) => false,
        };
        let began = Instant::now();
        let writer = Arc::clone(&node);
        let written = tokio::task::spawn_blocking(move || write_of(&writer)).await;
        match written {
            Ok(Ok(items)) => {
                told = false;
                debug!(items, "the book's snapshot of {items} things took {} ms", began.elapsed().as_millis());
            }
            Ok(Err(why)) if !std::mem::replace(&mut told, true) => {
                warn!("the book's snapshot cannot be written; a start without the database would know nobody: {why}");
            }
            Ok(Err(_)) | Err(_) => {}
        }
        if stops {
            return;
        }
    }
}

/// A book that was never filled leaves the last snapshot as it is.
fn write_of(node: &Node) -> Result<u64, SnapshotError> {
    if node.book.rights_count() == 0 {
        return Ok(0);
    }
    let writer = Writer::create(&node.settings.snapshot, &node.store, node.clock.now())?;
    write(&node.book, writer)
}

/// Writes the book as it is, item by item: what changes meanwhile is in it or not.
pub(crate) fn write(book: &Book, mut writer: Writer) -> Result<u64, SnapshotError> {
    for tenant in book.tenants() {
        let habits = tenant.habits.load();
        writer.tenant(tenant.id, &habits.zone, &habits.country)?;
    }
    for plan in book.plans() {
        writer.plan(&plan.load())?;
    }
    for entry in book.rights() {
        // Only copied behind the lock: somebody may be logging in.
        let (places, (used_in, used_out)) = {
            let live = entry.live();
            (live.places().to_vec(), live.used_each_way())
        };
        let facts = entry.facts.load();
        let plan = facts.plan.load().id;
        let seen = RightSeen { right: &facts.right, name: &facts.name, plan, used_in, used_out, places: &places };
        writer.right(entry.tenant, seen)?;
    }
    book.each_name(|tenant, name, entry| {
        let meanings: SmallVec<[(Uuid, FoundBy); 1]> =
            entry.meanings.iter().map(|(right, found_by)| (right.holder.uuid(), *found_by)).collect();
        writer.name(tenant, name, entry.phone.as_ref(), &meanings)
    })?;
    writer.finish()
}

/// Fills the book from the snapshot, if there is one that can be used.
pub(crate) async fn restore(node: &Arc<Node>) {
    let reader = Arc::clone(node);
    let restored = tokio::task::spawn_blocking(move || restore_to(&reader)).await;
    match restored {
        Ok(Ok(Some((restored, taken_at)))) => {
            let Restored { rights, lost } = restored;
            let age_seconds = node.clock.now().since(taken_at).as_seconds();
            warn!(
                rights,
                lost, age_seconds, "the database is away: {rights} vouchers and subscribers are known from a snapshot"
            );
            node.note_names();
        }
        Ok(Ok(None)) => info!("the database is away and there is no snapshot: nobody is known yet"),
        Ok(Err(why)) => warn!("the database is away and the snapshot cannot be used: {why}"),
        Err(_) => {}
    }
}

fn restore_to(node: &Node) -> Result<Option<(Restored, domain::time::Timestamp)>, SnapshotError> {
    let settings = &node.settings;
    let opened = Reader::open(&settings.snapshot, &node.store, node.clock.now(), settings.snapshot_age_max)?;
    let Some(mut reader) = opened else { return Ok(None) };
    let mut restored = Restored::default();
    let read = read(&node.book, &mut reader, &mut restored);
    match read {
        Ok(()) => {}
        // What came before is as it was written, so those are known.
        Err(why) if restored.rights > 0 => warn!("only a part of the snapshot can be read: {why}"),
        Err(why) => return Err(why),
    }
    Ok(Some((restored, reader.taken_at())))
}

/// Puts what a snapshot holds into the book.
pub(crate) fn read(book: &Book, reader: &mut Reader, restored: &mut Restored) -> Result<(), SnapshotError> {
    while let Some(item) = reader.read()? {
        let is_put = match item {
            Item::Tenant { id, zone, country } => {
                book.put_tenant(id, Habits { zone, country });
                true
            }
            Item::Plan(plan) => {
                book.put_plan(*plan);
                true
            }
            Item::Right { tenant, right } => {
                let KnownRight { right, name, plan, used_in, used_out, places } = *right;
                let new = book.plan(plan).map(|plan| {
                    let live = HolderLive::loaded(places, used_in, used_out);
                    book.put_right(tenant, NewRight { right, plan, name, live })
                });
                restored.rights += usize::from(new.is_some());
                new.is_some()
            }
            Item::Name { tenant, name, phone, meanings } => {
                let found: SmallVec<[(Arc<RightEntry>, FoundBy); 1]> =
                    meanings.iter().filter_map(|(id, found_by)| Some((book.right(*id)?, *found_by))).collect();
                let tenant = book.tenant(tenant).filter(|_| found.len() == meanings.len() && !found.is_empty());
                if let Some(tenant) = &tenant {
                    book.put_name(tenant, &name, found, phone);
                }
                tenant.is_some()
            }
        };
        restored.lost += usize::from(!is_put);
    }
    Ok(())
}
