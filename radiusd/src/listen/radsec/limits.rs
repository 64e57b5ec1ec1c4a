//! What strangers may cost: how many connections there are, how many are still proving who they are, and how often one
//! address may fail.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::NasId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::meters::TlsRefusal;

/// Connections at once, over all routers. Each holds some 30 KiB.
pub(crate) const CONNECTIONS_MAX: usize = 4_096;

/// Connections at once that have not shown a good certificate yet. Each may cost a signature.
pub(crate) const HANDSHAKES_MAX: usize = 512;

/// The same from one address, so that nobody can fill all of the places alone.
pub(crate) const HANDSHAKES_PER_ADDRESS_MAX: usize = 16;

/// Connections of one router at once. RouterOS opens one for each line of `/radius`; a further one closes the one that
/// was silent longest, which a router behind a new address has forgotten.
pub(crate) const CONNECTIONS_PER_NAS_MAX: usize = 8;

/// Handshakes that may fail from one address within [`WINDOW_MS`]; after that it is not heard until the time is over.
/// Routers that share the address and are connected are not touched.
const FAILURES_MAX: u32 = 20;
const WINDOW_MS: u64 = 10_000;

/// Addresses whose failures are remembered at once. Full, the count begins anew: a flood from everywhere is what
/// [`HANDSHAKES_MAX`] is for.
const ADDRESSES_MAX: usize = 4_096;

/// What is in use of each limit.
#[derive(Debug)]
pub(crate) struct Limits {
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
    /// Places of handshakes by address; no more addresses than handshakes.
    proving: Mutex<HashMap<IpAddr, usize>>,
    routers: Mutex<HashMap<NasId, Vec<Open>>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    since_ms: u64,
    count: u32,
}

/// One connection of a router.
#[derive(Debug)]
struct Open {
    number: u64,
    heard_ms: u64,
    close: CancellationToken,
}

/// The right to prove who one is, and then to stay.
#[derive(Debug)]
pub(crate) struct Place {
    connection: Option<OwnedSemaphorePermit>,
    _handshake: OwnedSemaphorePermit,
    limits: Arc<Limits>,
    address: IpAddr,
}

impl Place {
    /// Leaves its place among those that prove who they are.
    pub(crate) fn proved(mut self) -> Option<OwnedSemaphorePermit> {
        self.connection.take()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut proving = self.limits.proving.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = proving.get_mut(&self.address) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                proving.remove(&self.address);
            }
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            handshakes: Arc::new(Semaphore::new(HANDSHAKES_MAX)),
            failures: Mutex::default(),
            proving: Mutex::default(),
            routers: Mutex::default(),
        }
    }
}

impl Limits {
    /// A place for a connection from an address, or why there is none.
    pub(crate) fn let_in(self: &Arc<Self>, address: IpAddr, now_ms: u64) -> Result<Place, TlsRefusal> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied();
        if failures.is_some_and(|failures| failures.is_over(now_ms)) {
            return Err(TlsRefusal::TooManyFailures);
        }
        let handshake = Arc::clone(&self.handshakes).try_acquire_owned().map_err(|_| TlsRefusal::TooMany)?;
        let connection = Arc::clone(&self.connections).try_acquire_owned().map_err(|_| TlsRefusal::TooMany)?;
        let mut proving = self.proving.lock().unwrap_or_else(PoisonError::into_inner);
        let places = proving.entry(address).or_insert(0);
        if *places >= HANDSHAKES_PER_ADDRESS_MAX {
            return Err(TlsRefusal::TooMany);
        }
        *places += 1;
        let limits = Arc::clone(self);
        Ok(Place { connection: Some(connection), _handshake: handshake, limits, address })
    }

    /// Notes that a handshake from an address came to nothing.
    pub(crate) fn failed(&self, address: IpAddr, now_ms: u64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_MAX && !failures.contains_key(&address) {
            failures.clear();
        }
        let fresh = Failures { since_ms: now_ms, count: 0 };
        let counted = failures.entry(address).or_insert(fresh);
        if now_ms.saturating_sub(counted.since_ms) >= WINDOW_MS {
            *counted = fresh;
        }
        counted.count = counted.count.saturating_add(1);
    }

    /// Notes a connection of a router. One too many closes the one that was silent longest.
    pub(crate) fn opened(&self, nas: NasId, number: u64, now_ms: u64) -> CancellationToken {
        let close = CancellationToken::new();
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = routers.entry(nas).or_default();
        if open.len() >= CONNECTIONS_PER_NAS_MAX
            && let Some(silent) = open.iter().enumerate().min_by_key(|(_, one)| one.heard_ms).map(|(place, _)| place)
        {
            open.swap_remove(silent).close.cancel();
        }
        open.push(Open { number, heard_ms: now_ms, close: close.clone() });
        close
    }

    /// Notes that a connection of a router was heard.
    pub(crate) fn heard(&self, nas: NasId, number: u64, now_ms: u64) {
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = routers.get_mut(&nas).and_then(|open| open.iter_mut().find(|one| one.number == number)) {
            one.heard_ms = now_ms;
        }
    }

    /// Forgets a connection of a router.
    pub(crate) fn closed(&self, nas: NasId, number: u64) {
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = routers.get_mut(&nas) {
            open.retain(|one| one.number != number);
            if open.is_empty() {
                routers.remove(&nas);
            }
        }
    }
}

impl Failures {
    const fn is_over(self, now_ms: u64) -> bool {
        self.count >= FAILURES_MAX && now_ms.saturating_sub(self.since_ms) < WINDOW_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_address_that_fails_often_is_not_heard_for_a_while_and_others_are() {
        let limits = Arc::new(Limits::default());
        for _ in 0..FAILURES_MAX {
            assert!(limits.let_in(address(1), 0).is_ok());
            limits.failed(address(1), 0);
        }

        assert_eq!(limits.let_in(address(1), WINDOW_MS - 1).expect_err("refused"), TlsRefusal::TooManyFailures);
        assert!(limits.let_in(address(2), WINDOW_MS - 1).is_ok());
        assert!(limits.let_in(address(1), WINDOW_MS).is_ok());
        limits.failed(address(1), WINDOW_MS);
        assert!(limits.let_in(address(1), WINDOW_MS).is_ok(), "the count began anew");
    }

    #[test]
    fn those_that_prove_who_they_are_are_bounded_by_address_and_in_all_and_make_room_when_they_have() {
        let limits = Arc::new(Limits::default());
        let refused = |address| limits.let_in(address, 0).err();
        let mut places = Vec::new();
        for last in 0..32 {
            for _ in 0..HANDSHAKES_PER_ADDRESS_MAX {
                assert!(last > 0 || refused(address(99)).is_none());
                places.push(limits.let_in(address(last), 0).expect("room"));
            }
            assert_eq!(refused(address(last)), Some(TlsRefusal::TooMany));
        }

        assert_eq!((places.len(), refused(address(99))), (HANDSHAKES_MAX, Some(TlsRefusal::TooMany)));
        let connected = places.pop().expect("one").proved();
        assert_eq!(refused(address(99)), None);
        drop((connected, places));
        assert!(limits.proving.lock().expect("whole").is_empty());
        assert_eq!(limits.connections.available_permits(), CONNECTIONS_MAX);
    }

    #[test]
    fn the_memory_of_failures_is_bounded() {
        let limits = Arc::new(Limits::default());
        for number in 0..20_000_u32 {
            limits.failed(IpAddr::from(number.to_be_bytes()), 0);
        }

        assert!(limits.failures.lock().expect("whole").len() <= ADDRESSES_MAX);
    }

    #[test]
    fn a_router_with_too_many_connections_loses_the_one_that_was_silent_longest() {
        let limits = Arc::new(Limits::default());
        let nas = NasId::from_bytes([1; 16]);
        let open: Vec<_> = (0..8).map(|number| limits.opened(nas, number, number)).collect();
        limits.heard(nas, 0, 50);

        let ninth = limits.opened(nas, 8, 60);
        let of_another = limits.opened(NasId::from_bytes([2; 16]), 9, 60);

        let closed: Vec<_> = open.iter().map(CancellationToken::is_cancelled).collect();
        assert_eq!(closed, [false, true, false, false, false, false, false, false]);
        assert!(!ninth.is_cancelled() && !of_another.is_cancelled());
        for number in 0..9 {
            limits.closed(nas, number);
        }
        assert_eq!(limits.routers.lock().expect("whole").len(), 1);
    }
}
