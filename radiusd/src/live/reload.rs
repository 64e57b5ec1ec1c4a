//! Between the two grounds: memory is loaded from the database, or written to it whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use actions::access::save_sessions;
use domain::access::facts::Holder;
use domain::access::session::Session;
use domain::access::slot::Place;
use domain::id::TenantId;
use store::access::sessions::StoredSession;
use store::access::{positions, sessions, slots, usage};
use store::platform::tenants;
use store::{StoreError, TenantScope};
use tracing::info;
use uuid::Uuid;

use crate::journal::Cursor;
use crate::live::hear::{Heard, remind_holder, stored_of};
use crate::live::table::{Known, Table};
use crate::live::{Ground, Live, lock, save};
use crate::node::Node;

/// Sessions loaded in one statement.
const PAGE: u32 = 5_000;

/// Sessions or holders written in one transaction.
const SOME: usize = 5_000;

/// How memory is handed to the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Handing {
    /// Memory is the truth: its places go over those of the database.
    Whole,
    /// The database is the truth: it is told who is online, and gives them places if there are any.
    News,
}

/// What a tenant's holders have that the database does not know.
#[derive(Debug, Default)]
struct Handed {
    sessions: Vec<StoredSession>,
    places: Vec<(Holder, Vec<Place>)>,
}

/// What the database knows of a tenant's holders.
#[derive(Debug, Default)]
struct Totals {
    places: HashMap<Uuid, Vec<Place>>,
    used: HashMap<Uuid, (u64, u64)>,
}

impl Live {
    /// Loads what the database knows, and lets memory be the truth from then on: this node is alone.
    ///
    /// To be called while nothing is granted and no transaction of this node is on its way. Records that wait in the
    /// journal are heard, and what an earlier run has granted is granted again: then every place that is taken is known.
    pub(crate) async fn reload(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let mut turn = self.turn.lock().await;
        let saving = self.saving.lock().await;
        let mut tx = node.store.system().await?;
        let all = tenants::list(&mut tx).await?;
        tx.commit().await?;
        let (mut table, mut totals, mut noted) = (Table::default(), Totals::default(), Vec::new());
        for tenant in all {
            noted.extend(load_tenant(node, tenant.id, &mut table, &mut totals).await?.map(|at| (tenant.id, at)));
        }
        info!(sessions = table.len(), "{} open sessions are in memory", table.len());
        table.set_heard(node.journal.position());
        *lock(&self.noted) = noted.into_iter().collect();
        lock(&self.in_doubt).clear();
        self.holders(node).each(&mut |_tenant, holder, live| {
            let places = totals.places.remove(&holder.uuid()).unwrap_or_default();
            let (used_in, used_out) = totals.used.get(&holder.uuid()).copied().unwrap_or_default();
            live.reload(places, used_in, used_out);
        });
        *self.table() = table;
        let mut heard = Heard::default();
        self.hearing(node, true, |by, table| {
            for known in table.all() {
                remind_holder(known, by, &mut heard);
            }
        });
        self.look_after(node, heard).await;
        *turn = Cursor::default();
        self.set_ground(Ground::Memory);
        drop(saving);
        self.hear_out(node, &mut turn).await?;
        self.regrant(node).await
    }

    /// Hears all that the journal has at this moment.
    async fn hear_out(&self, node: &Arc<Node>, turn: &mut Cursor) -> Result<(), StoreError> {
        let end = node.journal.next();
        while self.table().heard() < end {
            match self.listen(node, turn).await {
                Ok(0) => break,
                Ok(_) => {}
                // Too many wait to be saved: some must go first.
                Err(_) => _ = save::save(node).await?,
            }
        }
        Ok(())
    }

    /// Writes all that memory knows, and lets the database be the truth from then on: another node comes.
    ///
    /// To be called while nothing is granted. After an error memory is still the truth.
    pub(crate) async fn flush(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let mut turn = self.turn.lock().await;
        if self.ground() == Ground::Database {
            return Ok(());
        }
        self.hear_out(node, &mut turn).await?;
        save::save(node).await?;
        self.write_grants(node, Handing::Whole).await?;
        self.set_ground(Ground::Database);
        Ok(())
    }

    /// Lets the database be the truth although memory is not written: others have decided while this node could not
    /// reach it. What was granted meanwhile is told; what was reported is still in the journal, and is read again.
    pub(crate) async fn abandon(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let mut turn = self.turn.lock().await;
        let _saving = self.saving.lock().await;
        let online: Vec<_> = self
            .table()
            .all()
            .filter(|known| known.is_confirmed && known.is_open())
            .map(|known| (known.tenant, as_granted(&known.stored)))
            .collect();
        let mut tenants: BTreeMap<TenantId, Vec<StoredSession>> = BTreeMap::new();
        for (tenant, session) in online {
            tenants.entry(tenant).or_default().push(session);
        }
        for (tenant, sessions) in tenants {
            self.hand_over(node, tenant, &sessions, &[], Handing::News).await?;
        }
        self.write_grants(node, Handing::News).await?;
        self.follow_from_the_start(&mut turn);
        Ok(())
    }

    /// Lets the database be the truth again when memory was loaded and nothing was decided on it.
    pub(crate) fn step_down(&self, turn: &mut Cursor) {
        if self.ground() == Ground::Memory {
            self.follow_from_the_start(turn);
        }
    }

    fn follow_from_the_start(&self, turn: &mut Cursor) {
        *self.table() = Table::default();
        lock(&self.noted).clear();
        lock(&self.in_doubt).clear();
        *lock(&self.ahead) = Cursor::default();
        *turn = Cursor::default();
        self.set_ground(Ground::Database);
    }
}

/// Loads a tenant's open sessions, places and totals. Returns up to where its records are in the database.
async fn load_tenant(
    node: &Node,
    tenant: TenantId,
    table: &mut Table,
    totals: &mut Totals,
) -> Result<Option<u64>, StoreError> {
    let mut tx = node.store.tenant(&TenantScope::of_journal(tenant)).await?;
    // A note of more than the journal ever had is from before it was set back to an older copy.
    let mark = positions::find(&mut tx, node.journal.id()).await?.filter(|mark| mark.position <= node.journal.next());
    let mut after = None;
    loop {
        let page = sessions::open(&mut tx, after, PAGE).await?;
        after = page.last().map(|session| session.id);
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for session in page {
            table.put(Known::new(tenant, session));
        }
        if is_last {
            break;
        }
    }
    totals.places.extend(slots::all(&mut tx).await?);
    totals.used.extend(usage::all(&mut tx).await?);
    tx.commit().await?;
    Ok(mark.map(|mark| mark.position))
}

/// A session as it was when it was granted.
fn as_granted(stored: &StoredSession) -> StoredSession {
    let session = Session::begun(stored.session.started_at);
    StoredSession { acct_session_id: None, session, ..stored.clone() }
}

impl Live {
    /// Writes the sessions that were granted and not reported yet, and the places that have changed.
    async fn write_grants(&self, node: &Arc<Node>, how: Handing) -> Result<(), StoreError> {
        let now = node.clock.now();
        let mut tenants: BTreeMap<TenantId, Handed> = BTreeMap::new();
        self.holders(node).each(&mut |tenant, holder, live| {
            live.forget_unreported(now);
            let places = match how {
                Handing::Whole => live.unsaved_places().map(<[Place]>::to_vec),
                Handing::News => None,
            };
            if live.granted().is_empty() && places.is_none() {
                return;
            }
            let handed = tenants.entry(tenant).or_default();
            handed.sessions.extend(live.granted().iter().map(|granted| stored_of(granted.clone(), holder)));
            handed.places.extend(places.map(|places| (holder, places)));
        });
        let (mut failed, mut written) = (None, HashSet::new());
        for (tenant, Handed { sessions, places }) in tenants {
            let handed = self.hand_over(node, tenant, &sessions, &places, how).await;
            match handed {
                Ok(()) => {
                    written.extend(sessions.into_iter().map(|session| session.id));
                    for (holder, _) in &places {
                        self.holders(node).with(tenant, *holder, &mut |live, _cap| _ = live.take_unsaved_places());
                    }
                }
                Err(why) => failed = Some(why),
            }
        }
        self.holders(node).each(&mut |_tenant, _holder, live| {
            while live.claim(|granted| written.contains(&granted.session.id)).is_some() {}
        });
        failed.map_or(Ok(()), Err)
    }

    pub(super) async fn hand_over(
        &self,
        node: &Node,
        tenant: TenantId,
        granted: &[StoredSession],
        places: &[(Holder, Vec<Place>)],
        how: Handing,
    ) -> Result<(), StoreError> {
        let scope = TenantScope::of_journal(tenant);
        for some in granted.chunks(SOME) {
            match how {
                Handing::Whole => save_sessions::tell_granted(&node.store, &scope, some).await?,
                Handing::News => save_sessions::tell_online(&node.store, &scope, some, node.context()).await?,
            }
        }
        for some in places.chunks(SOME) {
            save_sessions::replace_places(&node.store, &scope, some).await?;
        }
        Ok(())
    }
}
