//! The sessions in memory: those that are open, and those that ended lately or are not saved yet.
//!
//! Only finds, keeps and marks; what a record changes is in `hear`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::BuildHasher as _;

use domain::access::attempt::Device;
use domain::access::slot::Leaver;
use domain::access::usage::NasRestart;
use domain::id::{NasId, SessionId, TenantId};
use domain::time::Timestamp;
use foldhash::fast::RandomState;
use policy::access::reboots::Watch;
use smallvec::SmallVec;
use store::access::sessions::StoredSession;

/// Sessions that have ended and are saved, and are kept for records that come late. Older ones are looked up.
pub(crate) const ENDED_MAX: usize = 10_000;

/// Sessions that may wait to be saved. Past that nothing more is heard until some are: records wait in the journal.
pub(crate) const UNSAVED_MAX: usize = 200_000;

/// Whether the database has a session as it stands here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Saved {
    /// As it stands here.
    Yes,
    /// It is being written, and has not changed since.
    Soon,
    /// It has changed.
    No,
}

/// A session in memory.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) tenant: TenantId,
    pub(super) stored: StoredSession,
    /// Whether all that the database knows of it is known here too. One of which a router speaks first is not confirmed
    /// until the database was asked.
    pub(super) is_confirmed: bool,
    pub(super) saved: Saved,
    /// Whether its router spoke of it by our `Class`: then no other session is meant, whoever it was granted to.
    pub(super) is_named_by_us: bool,
    /// The place in the journal of the record that began it, for one that is not confirmed.
    pub(super) since: u64,
    /// Octets from and to the subscriber that are not added to its holder's total in the database.
    pub(super) uncounted: (u64, u64),
    /// The same of earlier quarters of an hour, each by a moment in it: what waits long stays in its hour.
    #[expect(clippy::box_collection, reason = "nearly every session has none, and they are many")]
    earlier: Option<Box<Vec<Uncounted>>>,
    /// Under what it is found by its router's own name for it.
    name: Option<u64>,
}

/// Octets from and to the subscriber, heard of in the quarter of an hour of that moment.
pub(super) type Uncounted = (Timestamp, (u64, u64));

/// Quarters of an hour of one session that are kept apart: two days. What waits longer is put to the first one.
const EARLIER_MAX: usize = 2 * 24 * 4;

/// Every zone's hours begin with one of these.
const QUARTER_MICROS: i64 = 15 * 60 * 1_000_000;

const fn quarter(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(QUARTER_MICROS)
}

const fn plus(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}

/// What waits to be written of one tenant.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    pub(super) sessions: Vec<SessionId>,
    /// Routers that restarted, with the places of these records in the journal.
    pub(super) restarts: Vec<(u64, NasRestart)>,
}

/// What was taken to be written.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) unsaved: Unsaved,
    /// Once it is written, all records of this tenant before this one are; `None` when more waits.
    pub(super) heard: Option<u64>,
}

/// The sessions in memory.
#[derive(Debug, Default)]
pub(crate) struct Table {
    sessions: HashMap<SessionId, Known, RandomState>,
    /// By the names that routers give them.
    named: HashMap<u64, SmallVec<[SessionId; 1]>, RandomState>,
    /// Those that ended, in the order of their ends.
    ended: VecDeque<SessionId>,
    unsaved: BTreeMap<TenantId, Unsaved>,
    unsaved_count: usize,
    /// All records of the journal before this one have been heard.
    heard: u64,
    names: RandomState,
    /// Services of routers, and when to look whether they have restarted.
    watched: HashMap<(NasId, u8), Watch, RandomState>,
}

/// What a router calls a session; without a number one that it has not reported yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Name<'a> {
    pub(super) nas: NasId,
    pub(super) number: Option<&'a str>,
    pub(super) user_name: &'a str,
    pub(super) device: &'a Device,
}

impl<'a> Name<'a> {
    pub(super) fn of(stored: &'a StoredSession) -> Self {
        Self {
            nas: stored.nas,
            number: stored.acct_session_id.as_deref(),
            user_name: &stored.user_name,
            device: &stored.device,
        }
    }
}

impl Known {
    /// A session of which all is known that the database knows.
    pub(super) const fn new(tenant: TenantId, stored: StoredSession) -> Self {
        Self {
            tenant,
            stored,
            is_confirmed: true,
            is_named_by_us: false,
            saved: Saved::Yes,
            since: 0,
            uncounted: (0, 0),
            earlier: None,
            name: None,
        }
    }

    /// A session of which a router speaks first, at that place in the journal.
    pub(super) fn unconfirmed(tenant: TenantId, stored: StoredSession, is_named_by_us: bool, since: u64) -> Self {
        Self { is_confirmed: false, is_named_by_us, since, ..Self::new(tenant, stored) }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.stored.session.ended_at.is_none()
    }

    /// What its place has to know when it ends.
    pub(super) const fn leaver(&self) -> Leaver {
        Leaver {
            session: self.stored.id,
            started_at: self.stored.session.started_at,
            was_reported: self.stored.acct_session_id.is_some(),
        }
    }

    /// Counts octets that the database is still to hear of. It was heard of the session at `before` before that.
    pub(super) fn count(&mut self, (more_in, more_out): (u64, u64), before: Timestamp) {
        let is_later = quarter(before) != quarter(self.stored.session.last_heard_at);
        if is_later && self.uncounted != (0, 0) {
            let uncounted = std::mem::take(&mut self.uncounted);
            self.set_apart((before, uncounted));
        }
        self.uncounted = plus(self.uncounted, (more_in, more_out));
    }

    /// All that the database is still to hear of.
    pub(super) fn all_uncounted(&self) -> (u64, u64) {
        let earlier = self.earlier.iter().flat_map(|earlier| earlier.iter());
        earlier.fold(self.uncounted, |sums, (_, octets)| plus(sums, *octets))
    }

    /// Hands over what the database is still to hear of, each with a moment of its hour.
    pub(super) fn take_uncounted(&mut self) -> Vec<Uncounted> {
        let mut uncounted = self.earlier.take().map_or_else(Vec::new, |earlier| *earlier);
        let last = std::mem::take(&mut self.uncounted);
        if last != (0, 0) {
            uncounted.push((self.stored.session.last_heard_at, last));
        }
        uncounted
    }

    /// The database has not heard of it after all.
    pub(super) fn put_uncounted(&mut self, (at, octets): Uncounted) {
        if quarter(at) == quarter(self.stored.session.last_heard_at) {
            self.uncounted = plus(self.uncounted, octets);
        } else {
            self.set_apart((at, octets));
        }
    }

    /// The database has heard of it: what was put back is taken away.
    pub(super) fn drop_uncounted(&mut self, (at, octets): Uncounted) {
        let earlier = self.earlier.iter_mut().flat_map(|earlier| earlier.iter_mut());
        let same = earlier.map(|(when, octets)| (*when, octets)).find(|(when, _)| quarter(*when) == quarter(at));
        let uncounted = same.map_or(&mut self.uncounted, |(_, octets)| octets);
        *uncounted = (uncounted.0.saturating_sub(octets.0), uncounted.1.saturating_sub(octets.1));
    }

    fn set_apart(&mut self, (at, octets): Uncounted) {
        let earlier = self.earlier.get_or_insert_default();
        let is_full = earlier.len() >= EARLIER_MAX;
        match earlier.iter_mut().find(|(when, _)| is_full || quarter(*when) == quarter(at)) {
            Some((_, sums)) => *sums = plus(*sums, octets),
            None => earlier.push((at, octets)),
        }
    }
}

impl Table {
    /// Sessions in memory.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Sessions that wait to be saved.
    pub(crate) const fn unsaved_count(&self) -> usize {
        self.unsaved_count
    }

    /// Sessions that routers have reported and not ended.
    pub(crate) fn open_count(&self) -> usize {
        self.sessions.values().filter(|known| known.is_open() && known.stored.acct_session_id.is_some()).count()
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Known> {
        self.sessions.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Known> {
        self.sessions.get_mut(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Known> {
        self.sessions.values()
    }

    /// Puts a session in that is not there yet.
    pub(super) fn put(&mut self, known: Known) {
        let id = known.stored.id;
        self.sessions.insert(id, known);
        self.rename(id);
    }

    /// Takes a session out.
    pub(super) fn remove(&mut self, id: SessionId) -> Option<Known> {
        let known = self.sessions.remove(&id)?;
        if let Some(name) = known.name {
            self.unname(name, id);
        }
        Some(known)
    }

    /// The sessions that a router calls so.
    pub(super) fn named(&self, name: Name<'_>) -> SmallVec<[&Known; 1]> {
        let ids = self.named.get(&self.names.hash_one(name)).map(SmallVec::as_slice).unwrap_or_default();
        let known = ids.iter().filter_map(|id| self.sessions.get(id));
        known.filter(|known| Name::of(&known.stored) == name).collect()
    }

    /// Finds a session by its name from now on, after it has got one or another one.
    pub(super) fn rename(&mut self, id: SessionId) {
        let Some(known) = self.sessions.get_mut(&id) else { return };
        let name = self.names.hash_one(Name::of(&known.stored));
        let before = known.name.replace(name);
        if before == Some(name) {
            return;
        }
        self.named.entry(name).or_default().push(id);
        if let Some(before) = before {
            self.unname(before, id);
        }
    }

    fn unname(&mut self, name: u64, id: SessionId) {
        if let Some(ids) = self.named.get_mut(&name) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.named.remove(&name);
            }
        }
    }

    /// Services of routers, and when to look whether they have restarted.
    pub(super) const fn watched(&mut self) -> &mut HashMap<(NasId, u8), Watch, RandomState> {
        &mut self.watched
    }

    /// Marks a session as one that the database does not have as it stands here.
    pub(super) fn touch(&mut self, id: SessionId) {
        let Some(known) = self.sessions.get_mut(&id) else { return };
        if known.saved != Saved::No {
            known.saved = Saved::No;
            self.unsaved.entry(known.tenant).or_default().sessions.push(id);
            self.unsaved_count += 1;
        }
    }

    /// Notes that a session has ended, so that it goes when it is saved and others have ended since.
    pub(super) fn note_end(&mut self, id: SessionId) {
        self.ended.push_back(id);
    }

    /// Notes that a router has restarted.
    pub(super) fn note_restart(&mut self, sequence: u64, restart: NasRestart) {
        self.unsaved.entry(restart.tenant).or_default().restarts.push((sequence, restart));
    }

    /// The tenants of which something waits to be saved.
    pub(super) fn unsaved_tenants(&self) -> Vec<TenantId> {
        self.unsaved.keys().copied().collect()
    }

    /// Sessions of a tenant that wait to be saved and of which the database was not asked yet.
    pub(super) fn strangers(&self, tenant: TenantId, limit: usize) -> Vec<&Known> {
        let Some(unsaved) = self.unsaved.get(&tenant) else { return Vec::new() };
        let known = unsaved.sessions.iter().filter_map(|id| self.sessions.get(id));
        known.filter(|known| !known.is_confirmed).take(limit).collect()
    }

    /// Takes what waits of a tenant, at most `limit` sessions, those first that have waited longest. From then on it is
    /// on its way. Those of which the database was not asked go on waiting.
    pub(super) fn take_unsaved(&mut self, tenant: TenantId, limit: usize) -> Taken {
        let Some(mut unsaved) = self.unsaved.remove(&tenant) else {
            return Taken { unsaved: Unsaved::default(), heard: Some(self.heard) };
        };
        let mut taken = Unsaved { sessions: Vec::new(), restarts: std::mem::take(&mut unsaved.restarts) };
        let mut heard = Some(self.heard);
        unsaved.sessions.retain(|id| {
            // One that was taken out, and perhaps put in again, is noted twice.
            let Some(known) = self.sessions.get_mut(id).filter(|known| known.saved == Saved::No) else {
                self.unsaved_count -= 1;
                return false;
            };
            if !known.is_confirmed {
                heard = heard.map(|heard| heard.min(known.since));
                return true;
            }
            if taken.sessions.len() >= limit {
                heard = None;
                return true;
            }
            known.saved = Saved::Soon;
            taken.sessions.push(*id);
            self.unsaved_count -= 1;
            false
        });
        if !unsaved.sessions.is_empty() {
            self.unsaved.insert(tenant, unsaved);
        }
        Taken { unsaved: taken, heard }
    }

    /// All records of the journal before this one have been heard.
    pub(super) const fn heard(&self) -> u64 {
        self.heard
    }

    /// Sets how far the journal has been heard.
    pub(super) const fn set_heard(&mut self, sequence: u64) {
        self.heard = sequence;
    }

    /// Notes that a record of the journal is heard now. False when it has been before.
    pub(super) const fn note_heard(&mut self, sequence: u64) -> bool {
        let is_new = sequence >= self.heard;
        if is_new {
            self.heard = sequence.saturating_add(1);
        }
        is_new
    }

    /// What was taken is written: it may go when it has ended.
    pub(super) fn note_saved(&mut self, sessions: &[SessionId]) {
        for id in sessions {
            if let Some(known) = self.sessions.get_mut(id)
                && known.saved == Saved::Soon
            {
                known.saved = Saved::Yes;
            }
        }
        self.forget_ended();
    }

    /// What was taken could not be written: it waits again.
    pub(super) fn put_back(&mut self, tenant: TenantId, taken: Unsaved) {
        for id in taken.sessions {
            if self.sessions.get(&id).is_some_and(|known| known.saved == Saved::Soon) {
                self.touch(id);
            }
        }
        if !taken.restarts.is_empty() {
            let waiting = self.unsaved.entry(tenant).or_default();
            let later = std::mem::replace(&mut waiting.restarts, taken.restarts);
            waiting.restarts.extend(later);
        }
    }

    /// Lets go of the sessions that ended first, down to as many as are kept.
    pub(super) fn forget_ended(&mut self) {
        while self.ended.len() > ENDED_MAX {
            let Some(id) = self.ended.front().copied() else { return };
            match self.sessions.get(&id) {
                Some(known) if known.saved != Saved::Yes => return,
                Some(known) if !known.is_open() => _ = self.remove(id),
                Some(_) | None => {}
            }
            self.ended.pop_front();
        }
    }
}
