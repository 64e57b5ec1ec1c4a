//! Failed logins: who guesses waits, and nobody else does.
//!
//! Each device behind each router has its own bucket of failures. When a router, or a tenant's code space, sees far too
//! many failures, every device there gets fewer: a person who types right the first time notices nothing. A device that
//! was accepted with a name is let through with that name even while it waits, because somebody else may have used its
//! address to guess.

use std::hash::BuildHasher;

use domain::access::attempt::{Attempt, Device};
use foldhash::fast::FixedState;

use crate::directory::registry::KnownNas;
use crate::guard::bucket::Rate;
use crate::guard::table::{Remembered, Table};

/// Devices whose failures are remembered: 512 KiB.
const DEVICES_MAX: usize = 65_536;

/// Devices with the name they were accepted with: 512 KiB.
const ACCEPTED_MAX: usize = 65_536;

/// Failures at once that a device is left with where many guess.
const FEW: u32 = 2;

/// How an attempt ended, as far as guessing is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tried {
    /// Accepted.
    Accepted,
    /// An unknown name or a wrong password.
    Failed,
    /// Refused for another reason: the name and the password are right.
    Other,
}

/// How many failures a minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failures {
    pub(super) device: Rate,
    pub(super) nas: Rate,
    pub(super) tenant: Rate,
}

/// What is remembered of failed and accepted logins.
#[derive(Debug)]
pub(super) struct Guesses {
    hasher: FixedState,
    rates: Failures,
    devices: Table,
    accepted: Remembered,
}

impl Guesses {
    pub(super) fn of(rates: Failures, seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            rates,
            devices: Table::of(DEVICES_MAX),
            accepted: Remembered::of(ACCEPTED_MAX),
        }
    }

    /// How long the device of an attempt has to wait before it may try again; zero for most.
    pub(super) fn wait_ms(&self, nas: &KnownNas, attempt: &Attempt<'_>, now_ms: u64) -> u64 {
        let device = self.device(nas, attempt);
        let crowded = nas.state.load.failed.is_empty(self.rates.nas, now_ms)
            || nas.tenant.failed.is_empty(self.rates.tenant, now_ms);
        let rate = if crowded { self.rates.device.holding(FEW) } else { self.rates.device };
        let wait_ms = self.devices.wait_ms(device, rate, now_ms);
        if wait_ms > 0 && self.accepted.has(self.with_name(device, attempt)) { 0 } else { wait_ms }
    }

    /// Notes how an attempt ended.
    pub(super) fn note(&self, nas: &KnownNas, attempt: &Attempt<'_>, tried: Tried, now_ms: u64) {
        let device = self.device(nas, attempt);
        match tried {
            Tried::Accepted => self.accepted.put(self.with_name(device, attempt)),
            Tried::Failed => {
                self.devices.charge(device, self.rates.device, now_ms);
                nas.state.load.failed.charge(self.rates.nas, now_ms);
                nas.tenant.failed.charge(self.rates.tenant, now_ms);
                self.accepted.forget(self.with_name(device, attempt));
            }
            Tried::Other => {}
        }
    }

    /// A request that names no device stands for its name alone, so that it is not answerable for all who are like it.
    fn device(&self, nas: &KnownNas, attempt: &Attempt<'_>) -> u64 {
        match &attempt.device {
            Device::Unnamed => self.hasher.hash_one((nas.nas.id, attempt.user_name)),
            Device::Mac(_) | Device::Caller(_) => self.hasher.hash_one((nas.nas.id, &attempt.device)),
        }
    }

    fn with_name(&self, device: u64, attempt: &Attempt<'_>) -> u64 {
        self.hasher.hash_one((device, attempt.user_name))
    }
}
