//! A place in the device cap: one row, one device.

use crate::access::attempt::Device;
use crate::id::SessionId;
use crate::time::Timestamp;

/// A place that a device has taken, until its lease ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotFact {
    /// Counts from 1 to the cap.
    pub number: u16,
    /// The device that has it.
    pub device: Device,
    /// The moment from which the place is free again, unless an interim update renews it.
    pub lease_until: Timestamp,
}

impl SlotFact {
    /// Whether the place is taken at `now`.
    pub fn is_held(&self, now: Timestamp) -> bool {
        now < self.lease_until
    }
}

/// A place as whoever changes places knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Counts from 1. After a cap was lowered it may be higher than the cap.
    pub number: u16,
    /// The device that has it.
    pub device: Device,
    /// The session for which the device has it.
    pub session: SessionId,
    /// The moment from which the place is free again, unless the session is heard of.
    pub lease_until: Timestamp,
}

impl Place {
    /// Whether the place is taken at `now`.
    pub fn is_held(&self, now: Timestamp) -> bool {
        now < self.lease_until
    }
}

/// A session that has ended, to the place that it may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaver {
    /// The session.
    pub session: SessionId,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether its router ever reported it.
    pub was_reported: bool,
}

/// Another session of the same device on the same right that has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heir {
    /// The session.
    pub session: SessionId,
    /// When its router last spoke of it.
    pub last_heard_at: Timestamp,
    /// Until when it is believed.
    pub lease_until: Timestamp,
}
