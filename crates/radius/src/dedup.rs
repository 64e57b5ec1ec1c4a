//! Duplicate detection: the same request twice gets the same answer once more (RFC 5080 §2.2.2).
//!
//! One [`Dedup`] stands behind one socket, and is asked only about requests already believed: a bad packet must not
//! push a good one out. It holds a fixed number of requests and a fixed number of octets of replies, the oldest out,
//! and allocates nothing once it is made.
//!
//! Steps with `now`; never reads a clock, never sends. Beyond its memory, accounting must be idempotent by its data.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::net::SocketAddr;

use foldhash::fast::FixedState;

use crate::code::Code;
use crate::packet::{PACKET_MAX, Packet};

/// The shortest and longest time a request is remembered, in milliseconds.
pub const LIFE_MS: std::ops::RangeInclusive<u64> = 5_000..=30_000;

/// Octets of replies that are kept at least: the longest reply fits, whatever stands before it.
const OCTETS_MIN: usize = 2 * PACKET_MAX;

/// The end of a chain.
const NOBODY: u32 = u32::MAX;

/// How much is remembered, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many requests; at least one. Plan for the requests of one life at full load.
    pub capacity: u32,
    /// How many octets of replies; at least those of two of the longest. A request whose reply has left is a new one.
    pub octets: usize,
    /// How long, in milliseconds; taken into [`LIFE_MS`]. Longer than a NAS's last retransmission.
    pub life_ms: u64,
}

/// The requests seen lately on one socket, and their replies.
pub struct Dedup {
    entries: Box<[Entry]>,
    /// The first entry of each chain, by hash.
    chains: Box<[Link]>,
    /// The entry that follows each in its chain. Beside the entries, for they are large and most are looked past.
    nexts: Box<[Link]>,
    replies: Replies,
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

/// A step along a chain: to which entry, and what its hash begins with.
#[derive(Clone, Copy)]
struct Link {
    index: u32,
    mark: u32,
}

impl Link {
    const END: Self = Self { index: NOBODY, mark: 0 };
}

struct Entry {
    key: Key,
    authenticator: [u8; 16],
    seen_ms: u64,
    /// Grows with every new tenant of this entry, so that old tickets open nothing.
    generation: u64,
    reply: Kept,
    /// The chain that it is in.
    chain: u32,
    state: State,
}

/// Where a reply is kept.
#[derive(Clone, Copy, Default)]
struct Kept {
    /// Counted over all that were ever kept.
    at: u64,
    length: u16,
}

/// The replies, one behind the other; the newest takes the place of the oldest.
struct Replies {
    octets: Box<[u8]>,
    /// Octets that were ever written, those skipped at the end included.
    written: u64,
}

impl Replies {
    fn new(octets: usize) -> Self {
        Self { octets: vec![0; octets.max(OCTETS_MIN)].into(), written: 0 }
    }

    fn size(&self) -> u64 {
        self.octets.len() as u64
    }

    fn place(&self, at: u64) -> usize {
        usize::try_from(at % self.size()).expect("invariant: smaller than a slice")
    }

    /// Keeps a reply; `None` for one that is longer than any packet.
    fn keep(&mut self, reply: &[u8]) -> Option<Kept> {
        let length = u16::try_from(reply.len()).ok().filter(|_| reply.len() <= PACKET_MAX)?;
        let left = self.octets.len() - self.place(self.written);
        if left < reply.len() {
            self.written += left as u64;
        }
        let (at, begin) = (self.written, self.place(self.written));
        self.octets.get_mut(begin..begin + reply.len())?.copy_from_slice(reply);
        self.written += u64::from(length);
        Some(Kept { at, length })
    }

    /// A reply that was kept, unless newer ones have taken its place.
    fn get(&self, kept: Kept) -> Option<&[u8]> {
        let begin = self.place(kept.at);
        if kept.at + self.size() < self.written {
            None
        } else {
            self.octets.get(begin..begin + usize::from(kept.length))
        }
    }
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
            reply: Kept::default(),
            chain: 0,
            state: State::Free,
        };
        let chains = usize::try_from(capacity).expect("invariant: an address has 32 bits").next_power_of_two();
        Self {
            entries: (0..capacity).map(entry).collect(),
            chains: vec![Link::END; chains].into(),
            nexts: (0..capacity).map(|_| Link::END).collect(),
            replies: Replies::new(limits.octets),
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
        let hash = self.hasher.hash_one(key);
        if let Some(index) = self.find(hash, &key) {
            let entry = self.entry(index);
            let alive = now_ms.saturating_sub(entry.seen_ms) < self.life_ms;
            let same = entry.authenticator == *request.authenticator();
            match (entry.state, self.replies.get(entry.reply).is_some()) {
                (State::InProgress, _) if alive && same => return Verdict::InProgress,
                (State::Answered, true) if alive && same => {
                    return Verdict::Replay(self.replies.get(self.entry(index).reply).unwrap_or_default());
                }
                (State::Answered, false) if alive && same => self.displaced += 1,
                (State::InProgress | State::Answered | State::Free, _) => {}
            }
            self.free(index);
        }
        Verdict::New(self.remember(hash, key, *request.authenticator(), now_ms))
    }

    /// Keeps the reply for the copies to come. False, if the request had to leave before its answer came.
    pub fn answer(&mut self, ticket: Ticket, reply: &[u8]) -> bool {
        let entry = self.entry(ticket.index);
        let valid = entry.generation == ticket.generation && entry.state == State::InProgress;
        if valid {
            match self.replies.keep(reply) {
                Some(kept) => {
                    let entry = self.entry_mut(ticket.index);
                    entry.state = State::Answered;
                    entry.reply = kept;
                }
                None => self.free(ticket.index),
            }
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

    fn remember(&mut self, hash: u64, key: Key, authenticator: [u8; 16], now_ms: u64) -> Ticket {
        let index = self.oldest;
        let (state, seen_ms) = (self.entry(index).state, self.entry(index).seen_ms);
        if state != State::Free {
            self.displaced += u64::from(now_ms.saturating_sub(seen_ms) < self.life_ms);
            self.free(index);
        }
        let (chain, mark) = self.chain_of(hash);
        self.nexts[index as usize] = std::mem::replace(&mut self.chains[chain as usize], Link { index, mark });
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
        entry.chain = chain;
        Ticket { index, generation: entry.generation }
    }

    fn find(&self, hash: u64, key: &Key) -> Option<u32> {
        let (chain, mark) = self.chain_of(hash);
        let mut link = self.chains[chain as usize];
        while link.index != NOBODY {
            if link.mark == mark && self.entry(link.index).key == *key {
                return Some(link.index);
            }
            link = self.nexts[link.index as usize];
        }
        None
    }

    /// Takes an entry that is in use out of its chain.
    fn free(&mut self, index: u32) {
        let chain = self.entry(index).chain as usize;
        let next = std::mem::replace(&mut self.nexts[index as usize], Link::END);
        let mut before = self.chains[chain].index;
        if before == index {
            self.chains[chain] = next;
        } else {
            while self.nexts[before as usize].index != index {
                before = self.nexts[before as usize].index;
            }
            self.nexts[before as usize] = next;
        }
        self.entry_mut(index).state = State::Free;
    }

    /// The chain of a hash: its low bits, for the number of chains is a power of two; and its mark, the high ones.
    fn chain_of(&self, hash: u64) -> (u32, u32) {
        let low = hash & (self.chains.len() as u64 - 1);
        let half = |bits: u64| u32::try_from(bits).expect("invariant: 32 bits");
        (half(low), half(hash >> 32))
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
            .field("octets", &self.replies.octets.len())
            .field("life_ms", &self.life_ms)
            .field("displaced", &self.displaced)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
