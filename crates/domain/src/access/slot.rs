//! A place in the device cap: one row, one device.

use crate::access::attempt::Device;
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
