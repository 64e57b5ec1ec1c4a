//! To the snapshot and back: who is online, for a start without the database.

use domain::id::TenantId;
use store::access::sessions::StoredSession;

use crate::live::hear::{Heard, remind_holder};
use crate::live::table::Known;
use crate::live::{Ground, Live};
use crate::node::Node;

impl Live {
    /// Lets somebody look while nothing is heard: what holders have used then fits the sessions. Waits, so not for a
    /// thread of the runtime.
    pub(crate) fn at_rest<T>(&self, look: impl FnOnce() -> T) -> T {
        let _turn = self.turn.blocking_lock();
        look()
    }

    /// Shows all open sessions, until one cannot be dealt with. Returns how far the journal was heard.
    pub(crate) fn each_open<E>(
        &self,
        mut see: impl FnMut(TenantId, &StoredSession) -> Result<(), E>,
    ) -> Result<u64, E> {
        let table = self.table();
        table.all().filter(|known| known.is_open()).try_for_each(|known| see(known.tenant, &known.stored))?;
        Ok(table.heard())
    }

    /// Takes over what a snapshot tells of open sessions, and how far the journal was heard then. Only at the start,
    /// while nothing else is known of any.
    pub(crate) fn recall(&self, node: &Node, sessions: Vec<(TenantId, StoredSession)>, heard_to: Option<u64>) {
        if self.ground() != Ground::Database {
            return;
        }
        self.hearing(node, false, |by, table| {
            if table.len() > 0 || table.heard() > 0 {
                return;
            }
            let mut heard = Heard::default();
            for (tenant, stored) in sessions {
                let known = Known::new(tenant, stored);
                remind_holder(&known, by, &mut heard);
                table.put(known);
            }
            // A journal that begins anew has other records under these numbers.
            table.set_heard(heard_to.filter(|to| *to <= node.journal.next()).unwrap_or(0));
        });
    }
}
