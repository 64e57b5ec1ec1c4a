//! What records change in memory: sessions, and the places and totals of their holders.
//!
//! Never waits. A session of which a router speaks first is begun as the record tells it, and the database is asked when
//! it is saved. Never decides: see `policy::access::metering` and `policy::access::places`.

use std::sync::Arc;

use actions::access::record_usage;
use domain::access::facts::Holder;
use domain::access::session::{EndCause, SessionState};
use domain::access::usage::{NasRestart, UsageRecord};
use domain::id::{NasId, SessionId, TenantId};
use domain::network::nas::Vendor;
use domain::time::Timestamp;
use policy::access::metering;
use policy::access::places::Renewed;
use smallvec::SmallVec;
use store::access::sessions::StoredSession;

use crate::live::holder::{Granted, HolderLive, Open};
use crate::live::holders::Holders;
use crate::live::left::Left;
use crate::live::reboots::NewRun;
use crate::live::table::{Known, Name, Table};

/// What hearing needs beside the record.
pub(super) struct Hearing<'a> {
    pub(super) holders: &'a dyn Holders,
    pub(super) now: Timestamp,
    /// The interval of sessions whose router was told none.
    pub(super) interim_seconds: u32,
    pub(super) new_id: &'a dyn Fn() -> SessionId,
    /// Who made a router, if it is known.
    pub(super) vendor: &'a dyn Fn(NasId) -> Option<Vendor>,
    /// What an earlier run has granted and this one has not taken up yet.
    pub(super) left: Option<Arc<Left>>,
    /// Whether what is heard is to be saved. If not, somebody else has written it.
    pub(super) is_to_be_saved: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Live sessions that found no place.
    pub(super) placeless: u64,
    /// Holders that are not in memory.
    pub(super) absent: Vec<(TenantId, Holder)>,
    /// Routers that restarted without a word, and how many of their sessions ended.
    pub(super) rebooted: Vec<(NasId, u64)>,
    /// Runs of routers that have begun, with more than one session.
    pub(super) new_runs: Vec<NewRun>,
}

impl Table {
    /// Takes a record in, with its place in the journal.
    pub(super) fn hear(&mut self, sequence: u64, record: &UsageRecord, by: &Hearing<'_>, heard: &mut Heard) {
        let id = match self.find(record, by) {
            Some(id) => id,
            None => self.begin(sequence, record, by),
        };
        self.hear_of(id, record, by, heard);
        self.hear_run(record, by, heard);
    }

    /// Takes a record in that is about this session.
    pub(super) fn hear_of(&mut self, id: SessionId, record: &UsageRecord, by: &Hearing<'_>, heard: &mut Heard) {
        let Some(known) = self.get_mut(id) else { return };
        let (was_open, was_named) = (known.is_open(), known.stored.acct_session_id.is_some());
        let is_renamed = known.stored.acct_session_id.as_deref() != Some(&record.acct_session_id);
        let before = known.stored.session.last_heard_at;
        let metered = record_usage::hear(&mut known.stored, record, by.interim_seconds);
        if by.is_to_be_saved {
            known.count((metered.more_in, metered.more_out), before);
        }
        let is_open = known.is_open();
        tell_holder(known, (metered.more_in, metered.more_out), by, heard);
        if is_renamed {
            self.rename(id);
        }
        if is_open && (is_renamed || !was_open || !was_named) {
            self.end_replaced(id, by, heard);
        }
        if !is_open && (was_open || !was_named) {
            self.note_end(id);
        }
        self.changed(id, by);
    }

    /// Ends the sessions of a router that began before it restarted. Returns how many.
    pub(super) fn hear_restart(
        &mut self,
        sequence: u64,
        restart: &NasRestart,
        by: &Hearing<'_>,
        heard: &mut Heard,
    ) -> u64 {
        let is_over = |known: &&Known| {
            known.is_open()
                && known.tenant == restart.tenant
                && known.stored.nas == restart.nas
                && known.stored.session.started_at <= restart.at
        };
        let over: Vec<SessionId> = self.all().filter(is_over).map(|known| known.stored.id).collect();
        for id in &over {
            self.end(*id, EndCause::NasRestarted, restart.at, by, heard);
        }
        if by.is_to_be_saved {
            self.note_restart(sequence, *restart);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }

    /// Ends the sessions whose leases are over, where they were last heard of. Returns how many.
    pub(super) fn end_overdue(&mut self, by: &Hearing<'_>, heard: &mut Heard) -> u64 {
        let is_over = |known: &&Known| known.is_open() && known.stored.lease_until <= by.now;
        let over: Vec<_> =
            self.all().filter(is_over).map(|known| (known.stored.id, known.stored.session.last_heard_at)).collect();
        for (id, last_heard_at) in &over {
            self.end(*id, EndCause::LeaseEnded, *last_heard_at, by, heard);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }

    /// Ends a session for a cause that its router did not name.
    pub(super) fn end(&mut self, id: SessionId, cause: EndCause, at: Timestamp, by: &Hearing<'_>, heard: &mut Heard) {
        let Some(known) = self.get_mut(id) else { return };
        metering::close(&mut known.stored.session, cause, at);
        tell_holder(known, (0, 0), by, heard);
        self.note_end(id);
        self.changed(id, by);
    }

    fn changed(&mut self, id: SessionId, by: &Hearing<'_>) {
        if by.is_to_be_saved {
            self.touch(id);
        }
    }

    /// The session that a record is about: by our `Class`, among those that were granted and not reported yet, by the
    /// router's own name for it, or the one that was granted to that user and device and never reported.
    fn find(&mut self, record: &UsageRecord, by: &Hearing<'_>) -> Option<SessionId> {
        if let Some(id) = record.session {
            // Counters of two routers never mix.
            if self.get(id).is_some_and(|known| known.stored.nas == record.nas && known.tenant == record.tenant) {
                return Some(id);
            }
            let ours = |granted: &Granted| granted.session.id == id && granted.session.nas == record.nas;
            if let Some(claimed) = record.holder.and_then(|holder| self.claim(record, holder, by, &ours)) {
                return Some(claimed);
            }
        }
        if !record.acct_session_id.is_empty()
            && let Some(named) = self.find_named(record)
        {
            return Some(named);
        }
        if record.holder.is_some() {
            // `Class` has named another session.
            return None;
        }
        if let Some(unreported) = self.find_unreported(record) {
            return Some(unreported);
        }
        let ours = |granted: &Granted| {
            granted.session.nas == record.nas
                && granted.session.device == record.device
                && *granted.session.user_name == *record.user_name
        };
        let holders = by.holders.named(record.tenant, &record.user_name);
        holders.iter().find_map(|holder| self.claim(record, *holder, by, &ours))
    }

    /// The open session that the router calls so; else an ended one that the record must be about.
    fn find_named(&self, record: &UsageRecord) -> Option<SessionId> {
        let named = self.named(name_in(record));
        let open = named.iter().filter(|known| known.is_open()).max_by_key(age);
        let ended = || {
            let may_be = |known: &&&Known| metering::may_be_about(&known.stored.session, record);
            named.iter().filter(may_be).max_by_key(age)
        };
        open.or_else(ended).map(|known| known.stored.id)
    }

    /// The newest session that was granted to that user and device and never reported.
    fn find_unreported(&self, record: &UsageRecord) -> Option<SessionId> {
        let unreported = self.named(Name { number: None, ..name_in(record) });
        unreported.iter().filter(|known| known.is_open()).max_by_key(age).map(|known| known.stored.id)
    }

    /// Takes a granted session over from its holder.
    fn claim(
        &mut self,
        record: &UsageRecord,
        holder: Holder,
        by: &Hearing<'_>,
        is_it: &dyn Fn(&Granted) -> bool,
    ) -> Option<SessionId> {
        let mut claimed = None;
        by.holders.with(record.tenant, holder, &mut |live, _cap| claimed = live.claim(is_it));
        let stored = stored_of(claimed?, holder);
        let id = stored.id;
        self.put(Known::new(record.tenant, stored));
        Some(id)
    }

    /// Begins the session of a record that is about none that is known here.
    fn begin(&mut self, sequence: u64, record: &UsageRecord, by: &Hearing<'_>) -> SessionId {
        let id = record.session.filter(|id| self.get(*id).is_none()).unwrap_or_else(by.new_id);
        let is_ours = |holder: &Holder| by.holders.with(record.tenant, *holder, &mut |_live, _cap| {});
        let named = || by.holders.named(record.tenant, &record.user_name).first().copied();
        let granted = || by.left.as_ref().and_then(|left| left.find(record.tenant, id, record.nas));
        let stored = match record.session.and_then(|_| granted()) {
            Some((holder, granted)) => stored_of(granted.clone(), *holder),
            None => record_usage::begun(id, record, record.holder.filter(is_ours).or_else(named)),
        };
        self.put(match by.is_to_be_saved {
            true => Known::unconfirmed(record.tenant, stored, record.holder.is_some(), sequence),
            false => Known::new(record.tenant, stored),
        });
        id
    }

    /// A router uses a number again after a restart that we may not have heard of: of two open sessions under the same
    /// number, user and device the older one ended where it was last heard of.
    fn end_replaced(&mut self, id: SessionId, by: &Hearing<'_>, heard: &mut Heard) {
        for (id, last_heard_at) in self.replaced_by(id) {
            self.end(id, EndCause::NasRestarted, last_heard_at, by, heard);
        }
    }

    fn replaced_by(&self, id: SessionId) -> SmallVec<[(SessionId, Timestamp); 1]> {
        let Some(known) = self.get(id) else { return SmallVec::new() };
        let named = self.named(Name::of(&known.stored));
        let open = || named.iter().filter(|known| known.is_open());
        let Some(newest) = open().max_by_key(age) else { return SmallVec::new() };
        open()
            .filter(|known| known.stored.id != newest.stored.id)
            .map(|known| (known.stored.id, known.stored.session.last_heard_at))
            .collect()
    }
}

/// A granted session as it is kept once its router has reported it.
pub(super) fn stored_of(granted: Granted, holder: Holder) -> StoredSession {
    let Granted { session, at, lease_until } = granted;
    StoredSession {
        id: session.id,
        nas: session.nas,
        holder: Some(holder),
        user_name: session.user_name.as_ref().to_owned(),
        device: session.device,
        service: session.service,
        acct_session_id: None,
        framed_ip: session.framed_ip,
        told: Some(session.told),
        from: None,
        interim_seconds: Some(session.interim_seconds),
        lease_until,
        session: domain::access::session::Session::begun(at),
    }
}

/// Tells a session's holder what was counted, and that it lives or has ended. One that lives and has no place gets a
/// free one.
pub(super) fn tell_holder(known: &Known, more: (u64, u64), by: &Hearing<'_>, heard: &mut Heard) {
    tell(known, more, true, by, heard);
}

/// Tells a session's holder of what the database knows as well: its places are what the database says, so nobody gets
/// one. A session that lost its place to a newer one of its device has none.
pub(super) fn remind_holder(known: &Known, by: &Hearing<'_>, heard: &mut Heard) {
    tell(known, (0, 0), false, by, heard);
}

fn tell(known: &Known, more: (u64, u64), takes_place: bool, by: &Hearing<'_>, heard: &mut Heard) {
    let Some(holder) = known.stored.holder else { return };
    let mut placeless = false;
    let is_here = by.holders.with(known.tenant, holder, &mut |live: &mut HolderLive, cap| {
        live.count(more.0, more.1, known.stored.session.last_heard_at);
        // A place that went to a login of which nothing came is the older session's again, before that one ends.
        live.forget_unreported(by.now);
        let stored = &known.stored;
        match stored.session.state {
            SessionState::Closed(_) => live.ends(&known.leaver()),
            SessionState::Granted | SessionState::Open => {
                let alive = Open {
                    session: stored.id,
                    device: stored.device.clone(),
                    started_at: stored.session.started_at,
                    last_heard_at: stored.session.last_heard_at,
                    lease_until: stored.lease_until,
                };
                let renewed = live.lives(&alive, takes_place.then_some(cap), by.now);
                placeless = takes_place && renewed == Renewed::Placeless;
            }
        }
    });
    heard.placeless += u64::from(placeless);
    if !is_here {
        heard.absent.push((known.tenant, holder));
    }
}

fn name_in(record: &UsageRecord) -> Name<'_> {
    Name {
        nas: record.nas,
        number: Some(&record.acct_session_id),
        user_name: &record.user_name,
        device: &record.device,
    }
}

fn age(known: &&&Known) -> (Timestamp, SessionId) {
    (known.stored.session.started_at, known.stored.id)
}

#[cfg(test)]
pub(crate) mod tests;
