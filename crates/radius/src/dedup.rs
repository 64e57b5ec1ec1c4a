//! Duplicate detection: the same request twice gets the same answer once more (RFC 5080 §2.2.2).
//!
//! One [`Dedup`] stands behind one socket, and is asked only about requests already believed: a bad packet must not
//! push a good one out. It holds a fixed number of requests, the oldest out, and allocates nothing once every entry
//! has held a reply of the usual size.
//!
//! Steps with `now`; never reads a clock, never sends. Beyond its memory, accounting must be idempotent by its data.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::net::SocketAddr;

use foldhash::fast::FixedState;

use crate::code::Code;
use crate::packet::Packet;

/// The shortest and longest time a request is remembered, in milliseconds.
pub const LIFE_MS: std::ops::RangeInclusive<u64> = 5_000..=30_000;

/// Room reserved for an entry's reply when it holds its first one; most replies need no more.
const REPLY_USUAL: usize = 256;

/// The end of a chain.
const NOBODY: u32 = u32::MAX;

/// How much is remembered, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many requests; at least one. Plan for the requests of one life at full load.
    pub capacity: u32,
    /// How long, in milliseconds; taken into [`LIFE_MS`]. Longer than a NAS's last retransmission.
    pub life_ms: u64,
}

/// The requests seen lately on one socket, and their replies.
pub struct Dedup {
    entries: Box<[Entry]>,
    /// The first entry of each chain, by hash.
    chains: Box<[u32]>,
    hasher: FixedState,
    life_ms: u64,
    /// The entry that is written next: the oldest.
    oldest: u32,
    displaced: u64,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Work on it, then call [`Dedup::answer`] or [`Dedup::forget`].
    New(Ticket),
    /// Somebody is working on it: ignore this copy.
    InProgress,
    /// It was answered: send these octets again.
    Replay(&'a [u8]),
}

/// The right to answer one new request.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a request that is neither answered nor forgotten stays in progress and its copies are ignored"]
pub struct Ticket {
    index: u32,
    generation: u64,
}

/// What makes two datagrams the same request, together with the Authenticator.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    source: SocketAddr,
    code: Code,
    id: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    InProgress,
    Answered,
}

struct Entry {
    key: Key,
    authenticator: [u8; 16],
    seen_ms: u64,
    /// Grows with every new tenant of this entry, so that old tickets open nothing.
    generation: u64,
    state: State,
    reply: Vec<u8>,
    /// The next entry of the same chain.
    next: u32,
}

impl Dedup {
    /// Makes room for the whole capacity. `seed` is random, so that nobody can aim at one chain.
    pub fn new(limits: Limits, seed: u64) -> Self {
        let capacity = limits.capacity.clamp(1, NOBODY - 1);
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let entry = |_| Entry {
            key: Key { source: nowhere, code: Code::Other(0), id: 0 },
            authenticator: [0; 16],
            seen_ms: 0,
            generation: 0,
            state: State::Free,
            reply: Vec::new(),
            next: NOBODY,
        };
        let chains = usize::try_from(capacity).expect("invariant: an address has 32 bits").next_power_of_two();
        Self {
            entries: (0..capacity).map(entry).collect(),
            chains: vec![NOBODY; chains].into(),
            hasher: FixedState::with_seed(seed),
            life_ms: limits.life_ms.clamp(*LIFE_MS.start(), *LIFE_MS.end()),
            oldest: 0,
            displaced: 0,
        }
    }

    /// Looks a believed request up, and remembers it if it is new.
    ///
    /// The same source, code and identifier with another Authenticator is another request: the NAS has moved on, and
    /// the one before is forgotten.
    pub fn see(&mut self, source: SocketAddr, request: &Packet<'_>, now_ms: u64) -> Verdict<'_> {
        let key = Key { source, code: request.code(), id: request.id() };
        if let Some(index) = self.find(&key) {
            let entry = self.entry(index);
            let alive = now_ms.saturating_sub(entry.seen_ms) < self.life_ms;
            let same = entry.authenticator == *request.authenticator();
            match entry.state {
                State::InProgress if alive && same => return Verdict::InProgress,
                State::Answered if alive && same => return Verdict::Replay(&self.entry(index).reply),
                State::InProgress | State::Answered | State::Free => self.free(index),
            }
        }
        Verdict::New(self.remember(key, *request.authenticator(), now_ms))
    }

    /// Keeps the reply for the copies to come. False, if the request had to leave before its answer came.
    pub fn answer(&mut self, ticket: Ticket, reply: &[u8]) -> bool {
        let entry = self.entry_mut(ticket.index);
        let valid = entry.generation == ticket.generation && entry.state == State::InProgress;
        if valid {
            entry.state = State::Answered;
            entry.reply.clear();
            entry.reply.reserve(reply.len().max(REPLY_USUAL));
            entry.reply.extend_from_slice(reply);
        }
        valid
    }

    /// Takes a request back that will not be answered, so that its next copy gets a fresh chance.
    pub fn forget(&mut self, ticket: Ticket) {
        let entry = self.entry(ticket.index);
        if entry.generation == ticket.generation && entry.state == State::InProgress {
            self.free(ticket.index);
        }
    }

    /// How many requests had to leave before their life was over. Growing means: the capacity is too small.
    pub fn displaced(&self) -> u64 {
        self.displaced
    }

    fn remember(&mut self, key: Key, authenticator: [u8; 16], now_ms: u64) -> Ticket {
        let index = self.oldest;
        let (state, seen_ms) = (self.entry(index).state, self.entry(index).seen_ms);
        if state != State::Free {
            self.displaced += u64::from(now_ms.saturating_sub(seen_ms) < self.life_ms);
            self.free(index);
        }
        let chain = self.chain_of(&key);
        let next = std::mem::replace(&mut self.chains[chain], index);
        self.oldest = match index + 1 {
            end if end as usize == self.entries.len() => 0,
            following => following,
        };
        let entry = self.entry_mut(index);
        entry.key = key;
        entry.authenticator = authenticator;
        entry.seen_ms = now_ms;
        entry.generation += 1;
        entry.state = State::InProgress;
        entry.next = next;
        Ticket { index, generation: entry.generation }
    }

    fn find(&self, key: &Key) -> Option<u32> {
        let mut index = self.chains[self.chain_of(key)];
        while index != NOBODY {
            let entry = self.entry(index);
            if entry.key == *key {
                return Some(index);
            }
            index = entry.next;
        }
        None
    }

    /// Takes an entry that is in use out of its chain.
    fn free(&mut self, index: u32) {
        let chain = self.chain_of(&self.entry(index).key);
        let next = self.entry(index).next;
        let mut before = self.chains[chain];
        if before == index {
            self.chains[chain] = next;
        } else {
            while self.entry(before).next != index {
                before = self.entry(before).next;
            }
            self.entry_mut(before).next = next;
        }
        let entry = self.entry_mut(index);
        entry.state = State::Free;
        entry.next = NOBODY;
    }

    /// The chain of a key: the low bits of its hash, for the number of chains is a power of two.
    fn chain_of(&self, key: &Key) -> usize {
        let low = self.hasher.hash_one(key) & (self.chains.len() as u64 - 1);
        usize::try_from(low).expect("invariant: smaller than the number of chains")
    }

    fn entry(&self, index: u32) -> &Entry {
        &self.entries[index as usize]
    }

    fn entry_mut(&mut self, index: u32) -> &mut Entry {
        &mut self.entries[index as usize]
    }
}

/// Shows sizes only: replies hold keys.
impl fmt::Debug for Dedup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dedup")
            .field("capacity", &self.entries.len())
            .field("life_ms", &self.life_ms)
            .field("displaced", &self.displaced)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
