//! Routers that restarted without a word: the numbers of their new sessions show it.
//!
//! Never decides: see `policy::access::reboots`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actions::access::close_rebooted::close_rebooted;
use domain::access::boot::{Boot, BootSeen};
use domain::access::session::EndCause;
use domain::access::usage::{UsageKind, UsageRecord};
use domain::id::{NasId, SessionId, TenantId};
use domain::network::nas::Vendor;
use domain::time::{Span, Timestamp};
use policy::access::reboots::{self, Watch};
use store::TenantScope;
use store::access::sessions::StoredSession;
use tracing::{error, info};

use crate::journal::drain::{Stalled, is_away};
use crate::live::hear::{Heard, Hearing};
use crate::live::lock;
use crate::live::table::{Known, Table};
use crate::node::Node;

/// Services of routers that are watched. Those beyond end their dead sessions by lease.
const WATCHED_MAX: usize = 100_000;

/// A run of a router that has begun, and that the runs before it may be over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct NewRun {
    tenant: TenantId,
    nas: NasId,
    boot: Boot,
}

impl Table {
    /// Looks at the number of a session that begins, and ends those of earlier runs of its router when it shows that
    /// they are over.
    pub(super) fn hear_run(&mut self, record: &UsageRecord, by: &Hearing<'_>, heard: &mut Heard) {
        let UsageKind::Start = record.kind else { return };
        let Some(vendor) = (by.vendor)(record.nas) else { return };
        let Some((boot, number)) = Boot::of(vendor, &record.acct_session_id) else { return };
        if !self.watches(record.nas, boot, number, by.now) {
            return;
        }
        let new = NewRun { tenant: record.tenant, nas: record.nas, boot };
        let closed = self.end_runs_before(new, vendor, by, heard);
        if closed > 0 {
            heard.rebooted.push((new.nas, closed));
        }
        heard.new_runs.push(new);
    }

    fn watches(&mut self, nas: NasId, boot: Boot, number: u32, now: Timestamp) -> bool {
        let watched = self.watched();
        match watched.get_mut(&(nas, boot.service())) {
            Some(watch) => watch.starts(boot, number, now),
            None => {
                if watched.len() < WATCHED_MAX {
                    watched.insert((nas, boot.service()), Watch::new(boot, number, now));
                }
                false
            }
        }
    }

    fn end_runs_before(&mut self, new: NewRun, vendor: Vendor, by: &Hearing<'_>, heard: &mut Heard) -> u64 {
        let run_of = |known: &Known| {
            let is_its = known.is_open() && known.tenant == new.tenant && known.stored.nas == new.nas;
            is_its.then(|| run_of(&known.stored, vendor)).flatten()
        };
        let mut seen: BTreeMap<Boot, BootSeen> = BTreeMap::new();
        for run in self.all().filter_map(run_of) {
            seen.entry(run.boot).and_modify(|others| *others = others.and(run)).or_insert(run);
        }
        let seen: Vec<BootSeen> = seen.into_values().collect();
        let over = reboots::over(new.boot, &seen);
        if over.is_empty() {
            return 0;
        }
        let dead: Vec<(SessionId, Timestamp)> = self
            .all()
            .filter(|known| run_of(known).is_some_and(|run| over.contains(&run.boot)))
            .map(|known| (known.stored.id, known.stored.session.last_heard_at))
            .collect();
        for (id, last_heard_at) in &dead {
            self.end(*id, EndCause::NasRestarted, *last_heard_at, by, heard);
        }
        u64::try_from(dead.len()).unwrap_or(u64::MAX)
    }
}

fn run_of(stored: &StoredSession, vendor: Vendor) -> Option<BootSeen> {
    let (boot, number) = Boot::of(vendor, stored.acct_session_id.as_deref()?)?;
    let session = &stored.session;
    let online = Span::seconds(i64::try_from(session.last_reading.seconds).unwrap_or(i64::MAX));
    let began_at = session.started_at.min(session.last_heard_at.minus(online));
    Some(BootSeen::one(boot, number, began_at, session.last_heard_at))
}

/// Tells of routers that have restarted.
pub(super) fn tell(rebooted: &[(NasId, u64)]) {
    for (nas, closed) in rebooted {
        info!(nas.id = %nas, closed, "a router restarted without a word: {closed} sessions ended");
    }
}

impl super::Live {
    /// Notes runs whose beginning the database is to be asked about once it has their sessions.
    pub(super) fn note_new_runs(&self, new: Vec<NewRun>) {
        lock(&self.new_runs).extend(new);
    }

    /// Ends, in the database, the sessions of runs that are over.
    pub(crate) async fn close_rebooted(&self, node: &Arc<Node>) -> Result<(), Stalled> {
        loop {
            let Some(new) = lock(&self.new_runs).pop_first() else { return Ok(()) };
            let scope = TenantScope::of_journal(new.tenant);
            match close_rebooted(&node.store, &scope, new.nas, new.boot).await {
                Ok(0) => {}
                Ok(closed) => tell(&[(new.nas, closed)]),
                Err(why) if is_away(&why) => {
                    lock(&self.new_runs).insert(new);
                    return Err(why.to_string());
                }
                Err(why) => error!(nas.id = %new.nas, "it cannot be looked up whether a router restarted: {why}"),
            }
        }
    }
}
