//! From the journal into memory, in order. The database is not asked, so it may be away.

use std::sync::Arc;

use domain::access::facts::Holder;
use domain::id::TenantId;
use tracing::info;

use crate::journal::drain::{Stalled, set_aside, with_disk};
use crate::journal::record::Record;
use crate::journal::{Cursor, Entry};
use crate::live::hear::Heard;
use crate::live::lock;
use crate::live::table::UNSAVED_MAX;
use crate::node::Node;

/// Records heard at once.
const BATCH_MAX: usize = 2_000;

/// What one batch was.
struct Batch {
    read: usize,
    next: Cursor,
    heard: Heard,
    unreadable: Vec<Entry>,
}

impl super::Live {
    /// Hears the next records. Returns how many; 0 when none wait.
    pub(crate) async fn listen(&self, node: &Arc<Node>, cursor: &mut Cursor) -> Result<usize, Stalled> {
        if self.table().unsaved_count() >= UNSAVED_MAX {
            return Err(format!("{UNSAVED_MAX} sessions in memory wait for the database already"));
        }
        let from = *cursor;
        let read = with_disk(node, move |journal| journal.read(from, BATCH_MAX)).await?;
        self.load_named(node, &read.0).await;
        let hearer = Arc::clone(node);
        let batch = with_disk(node, move |_journal| Ok(hear_batch(&hearer, read))).await?;
        *cursor = batch.next;
        for entry in &batch.unreadable {
            set_aside(node, entry, "it is written in a way that this program does not know").await?;
        }
        self.look_after(node, batch.heard).await;
        Ok(batch.read)
    }

    /// Follows what transactions have written. Who has come online is in memory from then on, and is known when the
    /// database is away.
    pub(crate) async fn follow(&self, node: &Node, entries: &[Entry]) {
        self.load_named(node, entries).await;
        self.follow_only(node, entries);
    }

    /// Loads the holders whom records name and who are not in memory, so that each hears of its sessions in order. While
    /// the database is away they are loaded when they are heard of again.
    async fn load_named(&self, node: &Node, entries: &[Entry]) {
        let holders = self.holders(node);
        let is_absent = |(tenant, holder): &(TenantId, Holder)| !holders.with(*tenant, *holder, &mut |_live, _cap| {});
        let absent: Vec<_> = entries.iter().filter_map(who).filter(is_absent).collect();
        if !absent.is_empty() {
            self.page_in(node, absent).await;
        }
    }

    fn follow_only(&self, node: &Node, entries: &[Entry]) {
        let mut heard = Heard::default();
        self.hearing(node, false, |by, table| {
            for entry in entries {
                if !table.note_heard(entry.sequence) {
                    continue;
                }
                match &entry.content {
                    Ok(Record::Usage(usage)) => table.hear(entry.sequence, usage, by, &mut heard),
                    Ok(Record::Restart(restart)) => _ = table.hear_restart(entry.sequence, restart, by, &mut heard),
                    Err(_unreadable) => {}
                }
            }
            table.forget_ended();
        });
        node.meters.sessions_placeless.inc_by(heard.placeless);
        self.note_new_runs(heard.new_runs);
    }
}

impl super::Live {
    /// Follows the journal while its records cannot be written: logins are decided from memory meanwhile. Returns how
    /// many were read; 0 when none wait.
    pub(crate) async fn follow_ahead(&self, node: &Arc<Node>) -> Result<usize, Stalled> {
        let from = *lock(&self.ahead);
        let (entries, next) = with_disk(node, move |journal| journal.read(from, BATCH_MAX)).await?;
        // Who is not in memory cannot be asked for now.
        self.follow_only(node, &entries);
        *lock(&self.ahead) = next;
        Ok(entries.len())
    }
}

/// Of whom a record says, by our `Class`, that the session is theirs.
fn who(entry: &Entry) -> Option<(TenantId, Holder)> {
    match &entry.content {
        Ok(Record::Usage(usage)) => Some((usage.tenant, usage.holder?)),
        Ok(Record::Restart(_)) | Err(_) => None,
    }
}

fn hear_batch(node: &Node, (entries, next): (Vec<Entry>, Cursor)) -> Batch {
    let (mut heard, mut unreadable) = (Heard::default(), Vec::new());
    let read = entries.len();
    // What a tenant has in the database already, from before a crash.
    let is_written = |tenant: TenantId, sequence: u64| node.live.noted(tenant).is_some_and(|noted| sequence < noted);
    node.live.hearing(node, true, |by, table| {
        for entry in entries {
            if !table.note_heard(entry.sequence) {
                continue;
            }
            match &entry.content {
                Ok(Record::Usage(usage)) if !is_written(usage.tenant, entry.sequence) => {
                    table.hear(entry.sequence, usage, by, &mut heard);
                }
                Ok(Record::Restart(restart)) if !is_written(restart.tenant, entry.sequence) => {
                    let closed = table.hear_restart(entry.sequence, restart, by, &mut heard);
                    info!(nas.id = %restart.nas, closed, "a router restarted: {closed} sessions ended");
                }
                Ok(Record::Usage(_) | Record::Restart(_)) => {}
                Err(_unreadable) => unreadable.push(entry),
            }
        }
    });
    Batch { read, next, heard, unreadable }
}
