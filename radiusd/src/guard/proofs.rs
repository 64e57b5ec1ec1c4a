//! Proofs of the secret that failed, by source address, and whose secret was proved from there last.
//!
//! A router whose address is not known beforehand is found by trying secrets, which costs us more than a forger. So an
//! address that failed often is tried against nothing but the router that was proved from there: a router that is in
//! its place does not suffer when somebody forges its address.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use crate::guard::bucket::{Bucket, Rate};
use crate::guard::table::Table;

/// Addresses whose failures are remembered: 128 KiB.
const FAILED_MAX: usize = 16_384;

/// Addresses whose last router is remembered: 128 KiB.
const PROVED_MAX: usize = 16_384;

/// Failed proofs a second of all addresses together; each costs at most as many hashes as there are candidates.
const FAILED_PER_SECOND: u32 = 1_000;

/// What is remembered of those who prove, or fail to.
#[derive(Debug)]
pub struct Proofs {
    hasher: FixedState,
    rate: Rate,
    failed: Table,
    all_failed: Bucket,
    /// By a few bits of the address's hash: the upper half of the hash, and the mark of the router.
    proved: Box<[AtomicU64]>,
}

/// An address as these tables know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source(u64);

impl Source {
    pub(super) const fn hash(self) -> u64 {
        self.0
    }
}

impl Proofs {
    pub(super) fn of(per_minute: u32, seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            rate: Rate::per_minute(per_minute),
            failed: Table::of(FAILED_MAX),
            all_failed: Bucket::default(),
            proved: (0..PROVED_MAX).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The source of a packet. One IPv6 network of 64 bits is one source: its addresses cost nothing.
    pub fn source(&self, address: IpAddr) -> Source {
        let key = match address.to_canonical() {
            IpAddr::V4(v4) => u128::from(u32::from(v4)),
            IpAddr::V6(v6) => u128::from(v6) >> 64 | 1 << 127,
        };
        Source(self.hasher.hash_one(key))
    }

    /// Whether too many proofs failed from there, or everywhere, to try many secrets once more.
    pub fn is_tired(&self, source: Source, now_ms: u64) -> bool {
        self.failed.wait_ms(source.0, self.rate, now_ms) > 0
            || self.all_failed.is_empty(Rate::per_second(FAILED_PER_SECOND), now_ms)
    }

    /// Notes that nobody's secret fitted a packet from there.
    pub fn failed(&self, source: Source, now_ms: u64) {
        self.failed.charge(source.0, self.rate, now_ms);
        self.all_failed.charge(Rate::per_second(FAILED_PER_SECOND), now_ms);
    }

    /// The mark of the router that was proved from there last.
    pub fn proved_last(&self, source: Source) -> Option<u32> {
        let word = self.slot(source).load(Ordering::Relaxed);
        let mark = u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0);
        (mark != 0 && word >> 32 == source.0 >> 32).then_some(mark)
    }

    /// Notes that the router with that mark was proved from there.
    pub fn proved(&self, source: Source, mark: u32) {
        let word = (source.0 >> 32) << 32 | u64::from(mark);
        let slot = self.slot(source);
        if slot.load(Ordering::Relaxed) != word {
            slot.store(word, Ordering::Relaxed);
        }
    }

    fn slot(&self, source: Source) -> &AtomicU64 {
        let low = source.0 & (self.proved.len() as u64 - 1);
        &self.proved[usize::try_from(low).expect("invariant: smaller than the table")]
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn source(proofs: &Proofs, address: &str) -> Source {
        proofs.source(address.parse().expect("good"))
    }

    #[test]
    fn an_address_that_fails_often_is_tired_and_others_are_not() {
        let proofs = Proofs::of(30, 7);
        let (forger, other) = (source(&proofs, "203.0.113.1"), source(&proofs, "203.0.113.2"));
        for _ in 0..30 {
            assert!(!proofs.is_tired(forger, 5));
            proofs.failed(forger, 5);
        }

        assert!(proofs.is_tired(forger, 5) && !proofs.is_tired(other, 5));
        assert!(!proofs.is_tired(forger, 2_005), "one more after two seconds");
    }

    #[test]
    fn forged_addresses_tire_everybody_before_they_cost_much_and_whoever_proved_is_remembered() {
        let proofs = Proofs::of(30, 7);
        let router = source(&proofs, "198.51.100.7");
        proofs.proved(router, 42);
        for address in 0..100_000_u32 {
            proofs.failed(proofs.source(IpAddr::from(address.to_be_bytes())), 5);
        }

        assert!(proofs.is_tired(source(&proofs, "203.0.113.2"), 5));
        assert_eq!(proofs.proved_last(router), Some(42));
        assert!(!proofs.is_tired(source(&proofs, "203.0.113.2"), 10_000));
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let proofs = Proofs::of(30, 7);
        let of = |last| proofs.source(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last)));

        assert_eq!(of(1), of(2));
        assert_ne!(of(1), source(&proofs, "2001:db8:0:2::1"));
        assert_eq!(source(&proofs, "::ffff:192.0.2.1"), source(&proofs, "192.0.2.1"));
    }
}
