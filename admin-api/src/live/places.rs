//! Places for streams: so many in all, so many of one provider.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::id::TenantId;

/// The places.
pub(super) struct Places {
    all_max: usize,
    each_max: usize,
    taken: Mutex<HashMap<TenantId, usize>>,
}

impl Places {
    pub(super) fn new(all_max: usize, each_max: usize) -> Self {
        Self { all_max, each_max, taken: Mutex::default() }
    }

    /// Takes a place, until it is dropped.
    pub(super) fn take(&self, tenant: TenantId) -> Option<Place<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let of_tenant = taken.entry(tenant).or_default();
        if all >= self.all_max || *of_tenant >= self.each_max {
            return None;
        }
        *of_tenant += 1;
        Some(Place { places: self, tenant })
    }
}

/// A place that is taken.
pub(super) struct Place<'a> {
    places: &'a Places,
    tenant: TenantId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_provider_takes_all_streams() {
        let places = Places::new(3, 2);
        let tenant = |number| TenantId::from_bytes([number; 16]);

        let first: Vec<_> = (0..3).filter_map(|_| places.take(tenant(1))).collect();
        let second: Vec<_> = (0..3).filter_map(|_| places.take(tenant(2))).collect();

        assert_eq!((first.len(), second.len()), (2, 1));
        drop(first);
        assert!(places.take(tenant(2)).is_some());
        drop(second);
        assert!(places.taken.lock().expect("whole").is_empty());
    }
}
