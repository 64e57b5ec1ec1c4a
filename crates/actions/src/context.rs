//! What every deed needs beside its input: what time it is, chance, and who does it.

use domain::id::Id;
use domain::platform::audit::{Actor, Change, Entry, Thing, Verb};
use domain::time::Timestamp;
use ports::{Clock, Random};

/// Who does what nobody has asked for by name.
static OURSELVES: Actor = Actor::OURSELVES;

/// The clock and the dice of one deed, and who does it. Copied freely.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    clock: &'a dyn Clock,
    random: &'a dyn Random,
    actor: &'a Actor,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("actor", &self.actor.name).finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// A context of that clock and that source of randomness, in which the system itself acts.
    pub const fn new(clock: &'a dyn Clock, random: &'a dyn Random) -> Self {
        Self { clock, random, actor: &OURSELVES }
    }

    /// The same, in which somebody else acts, as the audit shall name them.
    #[must_use]
    pub const fn by(self, actor: &'a Actor) -> Self {
        Self { actor, ..self }
    }

    /// The name of who acts.
    pub fn actor(&self) -> &'a str {
        &self.actor.name
    }

    /// Who acts, and from where.
    pub const fn who(&self) -> &'a Actor {
        self.actor
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh id, ordered by time (UUID version 7).
    pub fn new_id<Of>(&self) -> Id<Of> {
        Id::from_bytes(self.random.uuid_v7(self.now()))
    }

    /// Thirty-two random bits.
    pub fn bits(&self) -> u32 {
        let mut bits = [0; 4];
        self.random.fill(&mut bits);
        u32::from_be_bytes(bits)
    }

    /// The dice themselves.
    pub const fn random(&self) -> &'a dyn Random {
        self.random
    }

    /// What the audit is to say of a deed that is done now: to be written in its transaction.
    pub fn audit(&self, verb: Verb, thing: Thing, changes: Vec<Change>) -> Entry {
        Entry { id: self.new_id(), at: self.now(), actor: self.actor.clone(), verb, thing, changes }
    }
}
