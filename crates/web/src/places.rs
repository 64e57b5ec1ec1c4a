//! Places for connections: so many in all, so many from one address, so that nobody takes all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The places.
pub(crate) struct Places {
    all_max: usize,
    each_max: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

impl Places {
    pub(crate) fn new(all_max: usize, each_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, each_max, taken: Mutex::default(), freed: Notify::new() })
    }

    /// Takes a place, until it is dropped. A proxy of ours may have as many as there are.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr, trusted: bool) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = taken.by.get(&address).copied().unwrap_or(0);
        if taken.all >= self.all_max || (!trusted && of_address >= self.each_max) {
            return None;
        }
        taken.all += 1;
        taken.by.insert(address, of_address + 1);
        Some(Place { places: Arc::clone(self), address })
    }

    /// Waits until no place is taken.
    pub(crate) async fn empty(&self) {
        loop {
            let freed = self.freed.notified();
            if self.taken.lock().unwrap_or_else(PoisonError::into_inner).all == 0 {
                return;
            }
            freed.await;
        }
    }
}

/// A place that is taken.
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(count) = taken.by.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by.remove(&self.address);
            }
        }
        drop(taken);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test]
    async fn nobody_takes_all_places_and_a_place_that_is_left_is_free() {
        let places = Places::new(4, 2);

        let mine: Vec<Place> = (0..3).filter_map(|_| places.take(address(1), false)).collect();
        let proxied: Vec<Place> = (0..3).filter_map(|_| places.take(address(2), true)).collect();

        assert_eq!((mine.len(), proxied.len()), (2, 2));
        assert!(places.take(address(3), false).is_none(), "all are taken");
        drop(mine);
        assert!(places.take(address(3), false).is_some());
        drop(proxied);
        places.empty().await;
        assert!(places.taken.lock().expect("whole").by.is_empty());
    }
}
