//! The guard: what one router, device or stranger may ask of this node, so that the others get their answers.
//!
//! Everything here is of a fixed size, or as large as the registry of routers; a request allocates nothing and takes no
//! lock. Keys are hashed with a seed of chance, so that nobody can aim at another's place.

pub mod bucket;
mod guesses;
pub mod pressure;
pub mod proofs;
pub mod shares;
mod table;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use domain::access::attempt::Attempt;

use crate::directory::registry::KnownNas;
use crate::guard::bucket::{Bucket, Rate};
use crate::guard::guesses::{Failures, Guesses};
use crate::guard::pressure::{Kind, Pressure};
use crate::guard::proofs::Proofs;
use crate::guard::shares::{Crowd, InVain, Places};
use crate::guard::table::Table;

pub use crate::guard::guesses::Tried;
pub use crate::guard::shares::{LookUp, NotNow};

/// Sources whose Status-Servers are counted: 8 KiB.
const STATUS_SOURCES_MAX: usize = 1_024;

/// What the guard lets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Failed logins a minute of one device at one router.
    pub tries_per_minute: u32,
    /// Failed logins a minute at one router, beyond which its devices get fewer.
    pub tries_per_minute_nas: u32,
    /// Failed logins a minute of one tenant, beyond which all its devices get fewer.
    pub tries_per_minute_tenant: u32,
    /// Names a second of one router that are looked up in vain.
    pub unknown_per_second_nas: u32,
    /// Names a second of one tenant that are looked up in vain.
    pub unknown_per_second_tenant: u32,
    /// Status-Servers a second of one source.
    pub status_per_second: u32,
    /// Status-Servers a second of all sources.
    pub status_per_second_all: u32,
    /// Proofs of a secret a minute that may fail from one address before only its last router is tried.
    pub failed_proofs_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tries_per_minute: 10,
            tries_per_minute_nas: 120,
            tries_per_minute_tenant: 600,
            unknown_per_second_nas: 20,
            unknown_per_second_tenant: 100,
            status_per_second: 5,
            status_per_second_all: 100,
            failed_proofs_per_minute: 60,
        }
    }
}

/// A device must wait: it has guessed too often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Throttled {
    /// How long, in milliseconds.
    pub wait_ms: u64,
}

/// The guard of one node.
#[derive(Debug)]
pub struct Guard {
    /// Proofs of secrets.
    pub proofs: Proofs,
    guesses: Guesses,
    places: Places,
    crowd: Crowd,
    status: Table,
    status_all: Bucket,
    limits: Limits,
}

impl Guard {
    /// A guard that has seen nothing. `waiting_max` are the places where requests wait for the database; `seed` is
    /// chance.
    pub fn new(limits: Limits, waiting_max: u32, seed: u64) -> Self {
        let failures = Failures {
            device: Rate::per_minute(limits.tries_per_minute),
            nas: Rate::per_minute(limits.tries_per_minute_nas),
            tenant: Rate::per_minute(limits.tries_per_minute_tenant),
        };
        let in_vain = InVain {
            nas: Rate::per_second(limits.unknown_per_second_nas),
            tenant: Rate::per_second(limits.unknown_per_second_tenant),
        };
        Self {
            proofs: Proofs::of(limits.failed_proofs_per_minute, seed),
            guesses: Guesses::of(failures, seed.rotate_left(32)),
            places: Places::of(waiting_max, in_vain),
            crowd: Crowd::default(),
            status: Table::of(STATUS_SOURCES_MAX),
            status_all: Bucket::default(),
            limits,
        }
    }

    /// Whether a device may try now. Ask before anything else is done for an attempt.
    pub fn before(&self, nas: &KnownNas, attempt: &Attempt<'_>, now_ms: u64) -> Result<(), Throttled> {
        match self.guesses.wait_ms(nas, attempt, now_ms) {
            0 => Ok(()),
            wait_ms => Err(Throttled { wait_ms }),
        }
    }

    /// Notes how an attempt ended that [`Self::before`] let through.
    pub fn after(&self, nas: &KnownNas, attempt: &Attempt<'_>, tried: Tried, now_ms: u64) {
        self.guesses.note(nas, attempt, tried, now_ms);
    }

    /// A place to wait for the database in, for a name that is not in memory. Keep it until the answer is there, and
    /// say [`LookUp::was_in_vain`] when the name is nobody's.
    pub fn look_up(&self, nas: &Arc<KnownNas>, now_ms: u64) -> Result<LookUp, NotNow> {
        self.places.take(nas, now_ms)
    }

    /// Whether a Status-Server from there is answered.
    pub fn answers_status(&self, source: IpAddr, now_ms: u64) -> bool {
        let source = self.proofs.source(source).hash();
        let rate = Rate::per_second(self.limits.status_per_second);
        if self.status.wait_ms(source, rate, now_ms) > 0 {
            return false;
        }
        if !self.status_all.take(Rate::per_second(self.limits.status_per_second_all), now_ms) {
            return false;
        }
        self.status.charge(source, rate, now_ms);
        true
    }

    /// Whether a packet is left without an answer, because this node cannot answer all.
    pub fn sheds(&self, pressure: Pressure, kind: Kind, nas: &KnownNas, now_ms: u64) -> bool {
        if pressure == Pressure::None {
            return false;
        }
        // Counted from half a buffer on, so that shares are known when they begin to matter.
        let over_share = kind == Kind::Login && pressure >= Pressure::Half && self.crowd.is_over_share(nas, now_ms);
        pressure.sheds(kind, || over_share)
    }
}
