//! One session on a router: what it was told, what it moves, and what is due for it next.

use std::net::Ipv4Addr;

use domain::mac::Mac;

use super::settings::{Quirks, Since};
use super::told::Told;
use super::traffic::{Limits, Meter, Moved};

/// A session of one router. Never used again on that router, not after a reboot either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionKey(pub(super) u64);

/// Kinds of line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    /// A hotspot's captive portal.
    Hotspot,
    /// A PPPoE server.
    Pppoe,
}

impl Service {
    /// The first two digits of its session ids.
    pub(super) const fn digits(self) -> u32 {
        match self {
            Self::Hotspot => 0x80,
            Self::Pppoe => 0x81,
        }
    }
}

/// Who is on which line.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) service: Service,
    pub(super) mac: Mac,
    pub(super) user: String,
    pub(super) ip: Ipv4Addr,
    /// Acct-Session-Id as a number: service, boot digit, counter.
    pub(super) number: u32,
}

impl Facts {
    /// Acct-Session-Id.
    pub(super) fn acct_session_id(&self) -> String {
        format!("{:08x}", self.number)
    }

    /// NAS-Port: a hotspot gives its session's number, a PPPoE server the number of the interface.
    pub(super) const fn port(&self) -> u32 {
        match self.service {
            Service::Hotspot => self.number,
            Service::Pppoe => 0xf0_0000 | (self.number & 0xfffff),
        }
    }
}

/// What is due for a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Due {
    Timeout,
    Limit,
    Idle,
    Interim,
}

/// A session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) key: SessionKey,
    pub(super) facts: Facts,
    pub(super) told: Told,
    pub(super) meter: Meter,
    pub(super) started_ms: u64,
    /// What its server has answered for.
    pub(super) answered: Moved,
    /// CoAs that were taken.
    pub(super) changes: u32,
    ends_ms: Option<u64>,
    limits: Limits,
    interim_ms: Option<u64>,
    next_interim_ms: Option<u64>,
}

impl Session {
    pub(super) fn begin(
        key: SessionKey,
        facts: Facts,
        told: Told,
        wish: Moved,
        interim: Option<u64>,
        now: u64,
    ) -> Self {
        let interim_ms = interim.map(|seconds| seconds * 1_000);
        let mut session = Self {
            key,
            facts,
            meter: Meter::begin(wish, now),
            started_ms: now,
            answered: Moved::default(),
            changes: 0,
            ends_ms: None,
            limits: Limits::default(),
            interim_ms,
            next_interim_ms: interim_ms.map(|interim| now.saturating_add(interim)),
            told: Told::default(),
        };
        session.count_from(&told, now, Moved::default(), (Since::Start, Since::Start));
        session.told = told;
        session
    }

    /// Takes the terms of a CoA.
    pub(super) fn change(&mut self, told: &Told, quirks: &Quirks, now_ms: u64) {
        self.meter.advance(now_ms, self.told.bits());
        self.told.change(told, quirks.ignores_rate);
        let moved = self.meter.moved;
        self.count_from(told, now_ms, moved, (quirks.session_timeout, quirks.limits));
        self.changes += 1;
    }

    fn count_from(&mut self, told: &Told, now_ms: u64, moved: Moved, (time, data): (Since, Since)) {
        let begin_ms = if time == Since::Start { self.started_ms } else { now_ms };
        if let Some(seconds) = told.session_timeout {
            self.ends_ms = (seconds > 0).then(|| begin_ms.saturating_add(u64::from(seconds) * 1_000));
        }
        let moved = if data == Since::Start { Moved::default() } else { moved };
        let count = |limit: &mut Option<u64>, told: Option<u64>, from: u64| {
            if let Some(told) = told {
                *limit = (told > 0).then(|| from.saturating_add(told));
            }
        };
        count(&mut self.limits.up, told.up_max, moved.up);
        count(&mut self.limits.down, told.down_max, moved.down);
        count(&mut self.limits.total, told.total_max, moved.total());
    }

    /// Counts up to now.
    pub(super) fn advance(&mut self, now_ms: u64) {
        self.meter.advance(now_ms, self.told.bits());
    }

    /// What is due next, and when.
    pub(super) fn due(&self) -> Option<(u64, Due)> {
        let bits = self.told.bits();
        let idle = self.told.idle_timeout.filter(|seconds| *seconds > 0);
        let all = [
            self.ends_ms.map(|at| (at, Due::Timeout)),
            self.meter.reaches_ms(&self.limits, bits).map(|at| (at, Due::Limit)),
            idle.and_then(|seconds| self.meter.idle_ms(seconds, bits)).map(|at| (at, Due::Idle)),
            self.next_interim_ms.map(|at| (at, Due::Interim)),
        ];
        all.into_iter().flatten().min()
    }

    /// The report that is due is made; the next one follows.
    pub(super) fn reported(&mut self) {
        self.next_interim_ms =
            self.next_interim_ms.zip(self.interim_ms).map(|(due, interim)| due.saturating_add(interim));
    }

    /// Whole seconds online.
    pub(super) fn seconds(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.started_ms) / 1_000
    }

    /// Whole seconds until its Session-Timeout.
    pub(super) fn seconds_left(&self, now_ms: u64) -> Option<u64> {
        self.ends_ms.map(|end| end.saturating_sub(now_ms).div_ceil(1_000))
    }
}
