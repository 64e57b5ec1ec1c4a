//! One voucher or subscriber: who is online on it now.
//!
//! Whoever holds the lock may look and grasp in one step. Nothing here waits, and a login of a device with a hardware
//! address allocates nothing.

use std::net::Ipv4Addr;
use std::sync::Arc;

use domain::access::attempt::{AskedService, Device};
use domain::access::device::Mark;
use domain::access::facts::PlacesSeen;
use domain::access::slot::{Heir, Leaver, Place};
use domain::access::told::Told;
use domain::access::usage::Recent;
use domain::id::{NasId, SessionId};
use domain::rate::Bytes;
use domain::sales::plan::DeviceCap;
use domain::time::{Timestamp, Zone};
use policy::access::counting::Counting;
use policy::access::places::{Places, Renewed};
use smallvec::SmallVec;
use store::access::hours::UsedLately;
use thiserror::Error;

/// Other devices have all places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("other devices have all places")]
pub struct Full;

/// A session that was granted and that its router has not reported yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantedSession {
    /// Its id, which the router returns in `Class`.
    pub id: SessionId,
    /// The router.
    pub nas: NasId,
    /// User-Name, escaped.
    pub user_name: Arc<str>,
    /// The device.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
    /// The device's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// What its router was told.
    pub told: Told,
    /// Seconds between interim updates that the router was told.
    pub interim_seconds: u32,
}

/// A grant with its times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Granted {
    /// What was granted.
    pub session: GrantedSession,
    /// When.
    pub at: Timestamp,
    /// Until when the place is kept for the router's first report.
    pub lease_until: Timestamp,
}

/// An open session of the holder, as far as its places need to know of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// Its id.
    pub session: SessionId,
    /// The device.
    pub device: Device,
    /// When it began.
    pub started_at: Timestamp,
    /// When its router last spoke of it.
    pub last_heard_at: Timestamp,
    /// Until when it is believed without news.
    pub lease_until: Timestamp,
}

/// Who is online on one voucher or subscriber, and what it used.
#[derive(Clone, Debug, Default)]
pub struct HolderLive {
    places: Places,
    /// At most one for each device, so at most as many as the device cap.
    granted: SmallVec<[Granted; 1]>,
    open: Vec<Open>,
    used_in: u64,
    used_out: u64,
    /// Whether the database knows other places than these.
    places_unsaved: bool,
    /// What is used in the periods that run; only for those whose plan counts it.
    counting: Option<Box<Counting>>,
}

impl HolderLive {
    /// What a store knows: places, and octets used from and to the subscriber over all sessions.
    pub fn loaded(places: impl IntoIterator<Item = Place>, used_in: u64, used_out: u64) -> Self {
        Self { places: Places::new(places), used_in, used_out, ..Self::default() }
    }

    /// The places of the device cap that are taken or were taken last.
    pub fn places(&self) -> &[Place] {
        self.places.all()
    }

    /// The places of the device cap as a device sees them at `now`.
    pub fn places_seen(&self, device: &Device, now: Timestamp) -> PlacesSeen {
        self.places.seen(device, now)
    }

    /// Takes a place and remembers the session until its router reports it.
    ///
    /// A newer grant of a device replaces an older one that was never reported.
    pub fn grant(
        &mut self,
        session: GrantedSession,
        cap: DeviceCap,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<(), Full> {
        self.grant_again(Granted { session, at: now, lease_until }, cap, now)
    }

    /// The same where the newest device wins: when others have all places, it gets that of the one that was heard of
    /// longest ago.
    pub fn grant_newest(
        &mut self,
        session: GrantedSession,
        cap: DeviceCap,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<(), Full> {
        let granted = Granted { session, at: now, lease_until };
        if self.grant_again(granted.clone(), cap, now).is_ok() {
            return Ok(());
        }
        let GrantedSession { id, device, .. } = &granted.session;
        let heard_at = |session: SessionId| {
            let open = self.open.iter().find(|open| open.session == session).map(|open| open.last_heard_at);
            open.or_else(|| self.began(session))
        };
        let heard: SmallVec<[(SessionId, Option<Timestamp>); 4]> =
            self.places.all().iter().map(|place| (place.session, heard_at(place.session))).collect();
        let heard_at = |session| heard.iter().find(|(one, _)| *one == session).and_then(|(_, at)| *at);
        let gone = self.places.take_from_oldest(device, *id, now, lease_until, heard_at).ok_or(Full)?;
        self.places_unsaved = true;
        self.granted.retain(|other| other.session.device != gone.device && other.session.device != *device);
        self.granted.push(granted);
        Ok(())
    }

    /// The same for what was granted before.
    pub fn grant_again(&mut self, granted: Granted, cap: DeviceCap, now: Timestamp) -> Result<(), Full> {
        let Granted { session, lease_until, .. } = &granted;
        self.places.take(&session.device, cap, session.id, now, *lease_until).ok_or(Full)?;
        self.places_unsaved = true;
        self.granted.retain(|other| now < other.lease_until && other.session.device != session.device);
        self.granted.push(granted);
        Ok(())
    }

    /// Data used over all sessions, both directions together.
    pub const fn used(&self) -> Bytes {
        Bytes::new(self.used_in.saturating_add(self.used_out))
    }

    /// Octets used from and to the subscriber.
    pub const fn used_each_way(&self) -> (u64, u64) {
        (self.used_in, self.used_out)
    }

    /// What was used in the periods that run at `now`; `None` when nobody counts it here.
    pub fn recent(&self, now: Timestamp) -> Option<Recent> {
        self.counting.as_ref().map(|counting| counting.seen(now))
    }

    /// Counts what is used in periods from now on, unless that is done already. `lately` is what the database knows of
    /// it: what was heard of since its total stood there is added.
    pub fn count_lately(&mut self, zone: &Zone, lately: UsedLately, now: Timestamp) {
        if self.counting.is_none() {
            let mut counting = Counting::new(zone.clone(), lately.recent, now);
            counting.count(self.used().get().saturating_sub(lately.total), now);
            self.counting = Some(Box::new(counting));
        }
    }

    /// Does not count what is used in periods any more.
    pub fn count_no_more(&mut self) {
        self.counting = None;
    }

    /// Counts octets from and to the subscriber that were heard of at a moment.
    pub fn count(&mut self, more_in: u64, more_out: u64, at: Timestamp) {
        if let Some(counting) = &mut self.counting {
            counting.count(more_in.saturating_add(more_out), at);
        }
        self.used_in = self.used_in.saturating_add(more_in);
        self.used_out = self.used_out.saturating_add(more_out);
    }

    /// Takes back octets that were counted twice.
    pub fn uncount(&mut self, less_in: u64, less_out: u64) {
        if let Some(counting) = &mut self.counting {
            counting.uncount(less_in.saturating_add(less_out));
        }
        self.used_in = self.used_in.saturating_sub(less_in);
        self.used_out = self.used_out.saturating_sub(less_out);
    }

    /// Frees the place of a device that is blocked, or was let go of since it took the place.
    pub fn let_go(&mut self, mark: &Mark) {
        let Some(session) = self.places.session_of(&mark.device) else { return };
        let began = self.began(session);
        let is_newer = mark.released_at.is_some_and(|at| began.is_some_and(|began| began > at));
        if mark.is_blocked || (mark.released_at.is_some() && !is_newer) {
            self.places.forget(&mark.device);
            self.places_unsaved = true;
        }
    }

    /// The sessions that were granted and not reported yet, and those whose router never did.
    pub fn granted(&self) -> &[Granted] {
        &self.granted
    }

    /// Hands over a granted session that its router reports.
    pub fn claim(&mut self, is_it: impl Fn(&Granted) -> bool) -> Option<Granted> {
        let index = self.granted.iter().position(is_it)?;
        Some(self.granted.swap_remove(index))
    }

    /// Hears of a session that lives: its place is renewed.
    ///
    /// A device's place is its newest session's, also when the login that took it for that one is not remembered.
    pub fn lives(&mut self, alive: &Open, cap: Option<DeviceCap>, now: Timestamp) -> Renewed {
        match self.open.iter_mut().find(|open| open.session == alive.session) {
            Some(open) => {
                (open.last_heard_at, open.lease_until) = (alive.last_heard_at, alive.lease_until);
            }
            None => self.open.push(alive.clone()),
        }
        self.places_unsaved = true;
        let renewed = self.places.renew(&alive.device, alive.session, alive.lease_until, cap, now);
        let own = self.places.session_of(&alive.device).filter(|own| *own != alive.session);
        if own.is_some_and(|own| self.began(own).is_none_or(|began| began < alive.started_at)) {
            self.places.succeed(&alive.device, alive.session);
        }
        renewed
    }

    fn began(&self, session: SessionId) -> Option<Timestamp> {
        let open = self.open.iter().find(|open| open.session == session).map(|open| open.started_at);
        open.or_else(|| self.granted.iter().find(|granted| granted.session.id == session).map(|granted| granted.at))
    }

    /// A session turns out to be another one that was known before: its place and its mark are that one's.
    pub fn is_really(&mut self, session: SessionId, other: SessionId) {
        if session == other {
            return;
        }
        self.places_unsaved |= self.places.is_really(session, other);
        self.open.retain(|open| open.session != other);
        for open in self.open.iter_mut().filter(|open| open.session == session) {
            open.session = other;
        }
    }

    /// Takes over what the database knows. Grants that were not reported stay.
    pub fn reload(&mut self, places: Vec<Place>, used_in: u64, used_out: u64) {
        let granted = std::mem::take(&mut self.granted);
        *self = Self { granted, ..Self::loaded(places, used_in, used_out) };
    }

    /// Hears that a session has ended: its place is free, or another session of the device has it.
    pub fn ends(&mut self, leaver: &Leaver) {
        self.open.retain(|open| open.session != leaver.session);
        let Some(device) = self.places.device_of(leaver.session) else { return };
        let heirs = self.open.iter().filter(|open| open.device == *device).map(|open| Heir {
            session: open.session,
            last_heard_at: open.last_heard_at,
            lease_until: open.lease_until,
        });
        let heirs: SmallVec<[Heir; 2]> = heirs.collect();
        self.places_unsaved |= self.places.release(leaver, heirs);
    }

    /// Lets go of grants whose routers never reported them in time.
    pub fn forget_unreported(&mut self, now: Timestamp) {
        let over = |granted: &Granted| granted.lease_until <= now;
        let leavers: SmallVec<[Leaver; 1]> = self
            .granted
            .iter()
            .filter(|granted| over(granted))
            .map(|granted| Leaver { session: granted.session.id, started_at: granted.at, was_reported: false })
            .collect();
        self.granted.retain(|granted| !over(granted));
        for leaver in &leavers {
            self.ends(leaver);
        }
    }

    /// Whether nobody is online or was let in lately: what is known of it can be loaded again.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.open.is_empty()
            && !self.granted.iter().any(|granted| now < granted.lease_until)
            && !self.places.all().iter().any(|place| place.is_held(now))
    }

    /// Whether the database knows its places.
    pub const fn is_saved(&self) -> bool {
        !self.places_unsaved
    }

    /// The places, if the database does not know them yet.
    pub fn unsaved_places(&self) -> Option<&[Place]> {
        self.places_unsaved.then(|| self.places.all())
    }

    /// The places, if the database does not know them yet; from now on it is taken to know them.
    pub fn take_unsaved_places(&mut self) -> Option<Vec<Place>> {
        std::mem::take(&mut self.places_unsaved).then(|| self.places.all().to_vec())
    }

    /// The places were not saved after all.
    pub const fn places_are_unsaved(&mut self) {
        self.places_unsaved = true;
    }
}

#[cfg(test)]
mod tests;
