//! The places of one device cap: who gets one, who keeps it, who inherits it.
//!
//! The same rules for places that are kept in memory and for those that are read from a database: whoever calls holds
//! the lock. A device takes its own place over at once, whichever session had it; a session that nothing is known of
//! closes nothing.

use domain::access::attempt::Device;
use domain::access::facts::PlacesSeen;
use domain::access::slot::{Heir, Leaver, Place};
use domain::id::SessionId;
use domain::sales::plan::DeviceCap;
use domain::time::Timestamp;
use smallvec::SmallVec;

/// The places of one holder, those included whose lease is over.
///
/// Numbers are distinct, and so are devices.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Places(SmallVec<[Place; 1]>);

/// What news of a session that lives does to its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renewed {
    /// The device keeps the place that it has.
    Kept,
    /// It had none any more and took a free one.
    TakenAgain,
    /// Others have them all: it is online beyond the cap.
    Placeless,
}

impl Places {
    /// The places as they were kept.
    pub fn new(places: impl IntoIterator<Item = Place>) -> Self {
        Self(places.into_iter().collect())
    }

    /// All of them, those included whose lease is over.
    pub fn all(&self) -> &[Place] {
        &self.0
    }

    /// Whether no device ever took one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The places as a device sees them at `now`. Whether it is blocked is not theirs to know.
    pub fn seen(&self, device: &Device, now: Timestamp) -> PlacesSeen {
        let own = self.of(device).map(|place| place.is_held(now));
        PlacesSeen { own, others: self.held_by_others(device, now), is_blocked: false }
    }

    /// Takes a place for a device until `lease_until`, and says which. `None` when other devices have them all.
    ///
    /// A device that has one gets its own again, whichever session had it, and its lease is not shortened: another
    /// session of it may be online, and a login that comes to nothing must not end that one's. Else it gets the lowest
    /// number that is free or whose lease is over.
    pub fn take(
        &mut self,
        device: &Device,
        cap: DeviceCap,
        session: SessionId,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Option<u16> {
        let number = self.choose(device, cap, now)?;
        if let Some(own) = self.of_mut(device) {
            own.session = session;
            own.lease_until = own.lease_until.max(lease_until);
        } else {
            self.put(Place { number, device: device.clone(), session, lease_until });
        }
        Some(number)
    }

    /// Gives a newcomer the place of the device whose session was heard of longest ago, and says which that was. Where
    /// there is room, or the device has a place, it is [taken](Self::take) instead; `None` when nobody holds any.
    ///
    /// A lease says nothing of that: who was let in a moment ago has a shorter one than who reported minutes ago.
    pub fn take_from_oldest(
        &mut self,
        device: &Device,
        session: SessionId,
        now: Timestamp,
        lease_until: Timestamp,
        heard_at: impl Fn(SessionId) -> Option<Timestamp>,
    ) -> Option<Place> {
        let held = self.0.iter().filter(|place| place.device != *device && place.is_held(now));
        let oldest = held.min_by_key(|place| (heard_at(place.session), place.number))?.clone();
        self.0.retain(|place| place.device != *device);
        self.put(Place { number: oldest.number, device: device.clone(), session, lease_until });
        Some(oldest)
    }

    /// Renews the place of a session that lives. A session whose place was given away takes a free one, if `cap` is
    /// known and there is one.
    ///
    /// A lease is never shortened, and a place that the device has taken for a newer session stays with that session
    /// while its lease runs.
    pub fn renew(
        &mut self,
        device: &Device,
        session: SessionId,
        lease_until: Timestamp,
        cap: Option<DeviceCap>,
        now: Timestamp,
    ) -> Renewed {
        if let Some(own) = self.of_mut(device) {
            if !own.is_held(now) {
                own.session = session;
            }
            own.lease_until = own.lease_until.max(lease_until);
            return Renewed::Kept;
        }
        match cap.and_then(|cap| self.choose(device, cap, now)) {
            Some(number) => {
                self.put(Place { number, device: device.clone(), session, lease_until });
                Renewed::TakenAgain
            }
            None => Renewed::Placeless,
        }
    }

    /// The device whose place a session has.
    pub fn device_of(&self, session: SessionId) -> Option<&Device> {
        self.0.iter().find(|place| place.session == session).map(|place| &place.device)
    }

    /// The session that has a device's place.
    pub fn session_of(&self, device: &Device) -> Option<SessionId> {
        self.of(device).map(|place| place.session)
    }

    /// Frees a device's place, whichever session has it.
    pub fn forget(&mut self, device: &Device) {
        self.0.retain(|place| place.device != *device);
    }

    /// A device has begun a newer session than the one that has its place: it is that one's from now on.
    pub fn succeed(&mut self, device: &Device, session: SessionId) {
        if let Some(own) = self.of_mut(device) {
            own.session = session;
        }
    }

    /// A session turns out to be another one: its place is that one's. Returns whether it had one.
    pub fn is_really(&mut self, session: SessionId, other: SessionId) -> bool {
        let own = self.0.iter_mut().find(|place| place.session == session);
        own.map(|place| place.session = other).is_some()
    }

    /// Frees the place of a session that has ended, or leaves it to another session of the same device: then it is that
    /// one's, on that one's lease. Returns whether the session had a place.
    ///
    /// A session that was reported ends those that were last heard of before it began: their router lost power, and the
    /// device logged in again. One that was never reported says nothing about the others.
    pub fn release(&mut self, leaver: &Leaver, heirs: impl IntoIterator<Item = Heir>) -> bool {
        let Some(index) = self.0.iter().position(|place| place.session == leaver.session) else { return false };
        let lives = |heir: &Heir| !leaver.was_reported || heir.last_heard_at >= leaver.started_at;
        match heirs.into_iter().filter(lives).max_by_key(|heir| heir.lease_until) {
            Some(heir) => {
                self.0[index].session = heir.session;
                self.0[index].lease_until = heir.lease_until;
            }
            None => {
                self.0.swap_remove(index);
            }
        }
        true
    }

    /// The number that a device gets; `None` when others have them all.
    ///
    /// Places are counted, not numbers: after a cap was lowered the devices that are online keep theirs, and nobody new
    /// comes until fewer than the cap are left.
    fn choose(&self, device: &Device, cap: DeviceCap, now: Timestamp) -> Option<u16> {
        let room = || self.held_by_others(device, now) < cap.get();
        match self.of(device) {
            Some(own) => (own.is_held(now) || room()).then_some(own.number),
            None => room().then(|| self.lowest_free(cap, now)).flatten(),
        }
    }

    fn lowest_free(&self, cap: DeviceCap, now: Timestamp) -> Option<u16> {
        const WORD: usize = u64::BITS as usize;
        let mut held = [0_u64; DeviceCap::MAX as usize / WORD + 1];
        for place in self.0.iter().filter(|place| place.is_held(now)) {
            let number = usize::from(place.number);
            if let Some(word) = held.get_mut(number / WORD) {
                *word |= 1 << (number % WORD);
            }
        }
        (1..=cap.get()).find(|number| {
            let number = usize::from(*number);
            held[number / WORD] & (1 << (number % WORD)) == 0
        })
    }

    fn put(&mut self, place: Place) {
        self.0.retain(|other| other.number != place.number);
        self.0.push(place);
    }

    fn of(&self, device: &Device) -> Option<&Place> {
        self.0.iter().find(|place| place.device == *device)
    }

    fn of_mut(&mut self, device: &Device) -> Option<&mut Place> {
        self.0.iter_mut().find(|place| place.device == *device)
    }

    fn held_by_others(&self, device: &Device, now: Timestamp) -> u16 {
        let others = self.0.iter().filter(|place| place.device != *device && place.is_held(now)).count();
        u16::try_from(others).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests;
