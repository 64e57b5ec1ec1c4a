//! The asking side: identifiers, retransmission, giving up (RFC 2865 §2.5, 5080 §2.2.1, 5176 §2.3).
//!
//! One [`Exchange`] stands for one socket and one destination, because identifiers are counted there: at most 256
//! requests wait at a time. Used for CoA and for load. Steps with `now`; never sends and never reads a clock.
//!
//! ```text
//! id = free_id()  →  Writer::coa_request(.., id, ..).finish(..)  →  sent(bytes, now)  →  the socket
//! a datagram      →  receive(..)                      at deadline()  →  step(now) until it gives nothing
//! ```

use std::fmt;

use thiserror::Error;

use crate::authenticator;
use crate::code::Code;
use crate::message_authenticator::{self, Verdict};
use crate::packet::{Malformed, Packet};
use crate::secret::Secret;

/// How long to wait, how often to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Before the second try, in milliseconds; doubles with every try.
    pub first_wait_ms: u64,
    /// No wait is longer, a random tenth aside, in milliseconds.
    pub longest_wait_ms: u64,
    /// How often a request is sent in all, at least once.
    pub tries: u8,
}

/// Which replies are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Only those with a valid Message-Authenticator.
    Signed,
    /// Also those that carry none: RouterOS answers CoA with a bare header.
    BareToo,
}

/// Requests that wait for their reply.
pub struct Exchange {
    waiting: Box<[Waiting]>,
    count: usize,
    /// Where the search for a free identifier begins: the one unused for the longest time.
    next_id: u8,
    timers: Timers,
    trust: Trust,
    /// Makes waits differ by up to a tenth, so that many do not ask in step.
    jitter: u64,
}

struct Waiting {
    /// Empty when the identifier is free. Kept for its room.
    request: Vec<u8>,
    tries: u8,
    first_ms: u64,
    wait_ms: u64,
    due_ms: u64,
}

/// A reply that belongs to a request and was written by someone who knows the secret.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What was asked.
    pub request: Code,
    /// What was answered.
    pub reply: Packet<'a>,
    /// From the first try to the answer.
    pub waited_ms: u64,
    /// How often it was asked.
    pub tries: u8,
}

/// What has to be done now.
#[derive(Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// Send the same octets again, from the same socket.
    Resend(&'a [u8]),
    /// Nobody answered the request with this identifier. That means: we do not know, not: no.
    GaveUp(u8),
}

impl Exchange {
    /// Begins with all identifiers free. `seed` is random: it spreads the waits and the first identifier.
    pub fn new(timers: Timers, trust: Trust, seed: u64) -> Self {
        let free = |_| Waiting { request: Vec::new(), tries: 0, first_ms: 0, wait_ms: 0, due_ms: 0 };
        let [next_id, ..] = seed.to_le_bytes();
        Self { waiting: (0..=u8::MAX).map(free).collect(), count: 0, next_id, timers, trust, jitter: seed | 1 }
    }

    /// An identifier that no waiting request has; nothing, if all 256 wait.
    pub fn free_id(&mut self) -> Option<u8> {
        let id = (0..=u8::MAX)
            .map(|offset| self.next_id.wrapping_add(offset))
            .find(|id| self.waiting[usize::from(*id)].request.is_empty())?;
        self.next_id = id.wrapping_add(1);
        Some(id)
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.count
    }

    /// Notes that a finished request goes out now. One that waits under the same identifier is replaced.
    pub fn sent(&mut self, request: &Packet<'_>, now_ms: u64) {
        let wait_ms = self.spread(self.timers.first_wait_ms.min(self.timers.longest_wait_ms));
        let waiting = &mut self.waiting[usize::from(request.id())];
        self.count += usize::from(waiting.request.is_empty());
        waiting.request.clear();
        waiting.request.extend_from_slice(request.as_bytes());
        waiting.tries = 1;
        waiting.first_ms = now_ms;
        waiting.wait_ms = wait_ms;
        waiting.due_ms = now_ms.saturating_add(wait_ms);
    }

    /// Reads a datagram from the destination. An answer ends the wait; anything else changes nothing.
    pub fn receive<'a>(&mut self, datagram: &'a [u8], secret: &Secret, now_ms: u64) -> Result<Answer<'a>, NoAnswer> {
        let reply = Packet::parse(datagram)?;
        let waiting = &mut self.waiting[usize::from(reply.id())];
        let request = Packet::parse(&waiting.request).map_err(|_| NoAnswer::NobodyAsked)?;
        let request_code = request.code();
        if !reply.code().answers(request_code) {
            return Err(NoAnswer::WrongCode);
        }
        match message_authenticator::verify_reply(&reply, request.authenticator(), secret) {
            Verdict::Invalid => return Err(NoAnswer::Forged),
            Verdict::Absent if self.trust == Trust::Signed => return Err(NoAnswer::Unsigned),
            Verdict::Absent | Verdict::Valid => {}
        }
        if !authenticator::verify_reply(&reply, request.authenticator(), secret) {
            return Err(NoAnswer::Forged);
        }
        waiting.request.clear();
        self.count -= 1;
        let waited_ms = now_ms.saturating_sub(waiting.first_ms);
        Ok(Answer { request: request_code, reply, waited_ms, tries: waiting.tries })
    }

    /// When [`Exchange::step`] has something to do next.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.waiting.iter().filter(|waiting| !waiting.request.is_empty()).map(|waiting| waiting.due_ms).min()
    }

    /// One thing that is due. Call it until it gives nothing.
    pub fn step(&mut self, now_ms: u64) -> Option<Due<'_>> {
        let is_due = |waiting: &Waiting| !waiting.request.is_empty() && waiting.due_ms <= now_ms;
        let id = (0..=u8::MAX).find(|id| is_due(&self.waiting[usize::from(*id)]))?;
        let before = &self.waiting[usize::from(id)];
        if before.tries >= self.timers.tries {
            self.waiting[usize::from(id)].request.clear();
            self.count -= 1;
            return Some(Due::GaveUp(id));
        }
        let wait_ms = self.spread(before.wait_ms.saturating_mul(2).min(self.timers.longest_wait_ms));
        let waiting = &mut self.waiting[usize::from(id)];
        waiting.tries += 1;
        waiting.wait_ms = wait_ms;
        waiting.due_ms = now_ms.saturating_add(wait_ms);
        Some(Due::Resend(&waiting.request))
    }

    /// A wait that is up to a tenth shorter or longer.
    fn spread(&mut self, wait_ms: u64) -> u64 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let tenth = wait_ms / 10;
        (wait_ms - tenth).saturating_add(self.jitter % (2 * tenth + 1))
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exchange").field("waiting", &self.count).finish_non_exhaustive()
    }
}

/// Why a datagram is not the answer to a waiting request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// It is not a packet.
    #[error("reply is malformed")]
    Malformed(#[from] Malformed),
    /// No request with this identifier waits: a late copy, or a stranger.
    #[error("nobody asked")]
    NobodyAsked,
    /// Its code does not answer what was asked.
    #[error("reply has a code that does not answer the request")]
    WrongCode,
    /// It carries no Message-Authenticator, and only signed replies are trusted.
    #[error("reply is not signed")]
    Unsigned,
    /// Its sender does not know the secret, or someone touched it.
    #[error("reply is signed with another secret")]
    Forged,
}

#[cfg(test)]
mod tests;
