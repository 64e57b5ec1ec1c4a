//! Devices that have nothing here, remembered for a minute.
//!
//! A hotspot asks about every phone that comes near, and again and again while it idles. The first question is looked up
//! and recorded; the next ones get the same answer from here. Forgets what it has no room for.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::TenantId;
use domain::mac::Mac;
use foldhash::fast::FixedState;

/// Devices that are remembered: 128 KiB.
const DEVICES_MAX: usize = 16_384;

/// For how long, unless something is told of the device before.
const BELIEVED_MS: u64 = 60_000;

/// Bits that hold the moment: 34 years of milliseconds.
const MOMENT: u64 = (1 << 40) - 1;

/// Devices by the hash of their addresses. Two that look alike in 38 bits of it are taken for one, which nobody can
/// arrange without the seed.
#[derive(Debug)]
pub(crate) struct Unmet {
    hasher: FixedState,
    /// The mark of the device above, below the moment from which it is looked up again.
    devices: Box<[AtomicU64]>,
}

impl Unmet {
    /// Knows nobody; `seed` is chance.
    pub(crate) fn new(seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(seed), devices: (0..DEVICES_MAX).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Whether the device was looked up in vain a moment ago.
    pub(crate) fn has(&self, tenant: TenantId, device: Mac, now_ms: u64) -> bool {
        let (place, mark) = self.place_of(tenant, device);
        let word = place.load(Ordering::Acquire);
        word & !MOMENT == mark && now_ms < word & MOMENT
    }

    /// Remembers that it was looked up in vain.
    pub(crate) fn put(&self, tenant: TenantId, device: Mac, now_ms: u64) {
        let (place, mark) = self.place_of(tenant, device);
        place.store(mark | ((now_ms + BELIEVED_MS) & MOMENT), Ordering::Release);
    }

    /// Something is told of the device: it is looked up when it is asked about next.
    pub(crate) fn forget(&self, tenant: TenantId, device: Mac) {
        let (place, mark) = self.place_of(tenant, device);
        let word = place.load(Ordering::Acquire);
        if word & !MOMENT == mark {
            // Another device may have come meanwhile: then this one is forgotten already.
            let _taken = place.compare_exchange(word, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Forgets all: an ISP has changed what an address means.
    pub(crate) fn clear(&self) {
        for place in &self.devices {
            place.store(0, Ordering::Release);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder by the length is inside")]
    fn place_of(&self, tenant: TenantId, device: Mac) -> (&AtomicU64, u64) {
        let hash = self.hasher.hash_one((tenant, device));
        let place = usize::try_from(hash & (DEVICES_MAX as u64 - 1)).unwrap_or_default();
        (&self.devices[place], hash & !MOMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_looked_up_again_after_a_minute_or_when_something_is_told_of_it() {
        let (ours, theirs) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
        let phone = Mac::from_octets([2, 0, 0, 0, 0, 1]);
        let unmet = Unmet::new(7);

        unmet.put(ours, phone, 1_000);
        assert!(unmet.has(ours, phone, 60_999) && !unmet.has(ours, phone, 61_000));
        assert!(!unmet.has(theirs, phone, 2_000), "another ISP may know it");

        unmet.forget(theirs, phone);
        assert!(unmet.has(ours, phone, 2_000));
        unmet.forget(ours, phone);
        assert!(!unmet.has(ours, phone, 2_000));

        unmet.put(ours, phone, 1_000);
        unmet.clear();
        assert!(!unmet.has(ours, phone, 2_000));
    }
}
