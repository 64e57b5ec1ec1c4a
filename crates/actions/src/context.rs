//! What every deed needs beside its input: what time it is, and chance.

use domain::id::Id;
use domain::time::Timestamp;
use ports::{Clock, Random};

/// The clock and the dice of one deed. Copied freely.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    clock: &'a dyn Clock,
    random: &'a dyn Random,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// A context of that clock and that source of randomness.
    pub const fn new(clock: &'a dyn Clock, random: &'a dyn Random) -> Self {
        Self { clock, random }
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
}
