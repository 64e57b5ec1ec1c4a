//! Reports of sessions, and how sessions end.

use dictionaries::rfc2866::acct_terminate_cause as cause;
use domain::mac::Mac;

use super::{Machine, Purpose, Timer};
use crate::nas::asking::Request;
use crate::nas::draft::{Report, Status};
use crate::nas::people::{forgets_cookie, stays_near};
use crate::nas::session::{Service, Session, SessionKey};
use crate::nas::traffic::Moved;
use crate::nas::view::{Happened, Past};

impl Machine {
    pub(super) fn report(&mut self, session: &Session, status: Status) {
        let clock_seconds = self.settings.clock.as_seconds().saturating_add_unsigned(self.now_ms / 1_000);
        let report = Report {
            station: std::sync::Arc::clone(&self.station),
            facts: session.facts.clone(),
            classes: session.told.classes.clone(),
            status,
            moved: session.meter.moved,
            seconds: u32::try_from(session.seconds(self.now_ms)).unwrap_or(u32::MAX),
            clock: u32::try_from(clock_seconds).unwrap_or(0),
        };
        self.send(Request::Report(report), Purpose::Report(session.key, session.meter.moved));
    }

    pub(super) fn report_interim(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.remove(&key) {
            self.report(&session, Status::Interim);
            self.sessions.insert(key, session);
        }
    }

    /// A report was answered, or lost for ever.
    pub(in crate::nas) fn report_answered(&mut self, key: SessionKey, moved: Moved, is_answered: bool) {
        if !is_answered {
            self.memory.tally.lost += 1;
            return;
        }
        self.memory.tally.reported += 1;
        let living = self.sessions.get_mut(&key).map(|session| &mut session.answered);
        if let Some(answered) = living.or_else(|| self.memory.past.get_mut(&key).map(|past| &mut past.answered)) {
            *answered = answered.max(moved);
        }
    }

    /// Ends a session and reports it, with that Acct-Terminate-Cause.
    pub(in crate::nas) fn end(&mut self, key: SessionKey, why: u32) {
        let Some(mut session) = self.sessions.remove(&key) else { return };
        session.advance(self.now_ms);
        self.arm(Timer::Session(key), None);
        self.report(&session, Status::Stop(why));
        self.memory.tally.ended += 1;
        self.memory.note(self.now_ms, &session.facts.user, Happened::Ended(key, why));
        self.bury(&session, Some(why));
        self.went_offline(session.facts.mac, session.facts.service, why);
    }

    fn bury(&mut self, session: &Session, cause: Option<u32>) {
        self.memory.over(Past {
            session: session.key,
            user: session.facts.user.clone(),
            acct_session_id: session.facts.acct_session_id(),
            cause,
            moved: session.meter.moved,
            answered: session.answered,
        });
    }

    /// What a device does after its session.
    fn went_offline(&mut self, mac: Mac, service: Service, why: u32) {
        let Some(device) = self.devices.get_mut(&mac) else { return };
        device.session = None;
        if forgets_cookie(why) {
            device.cookie = None;
        }
        if why == cause::USER_REQUEST {
            device.dials = None;
        }
        let returns = match service {
            Service::Pppoe => device.dials.is_some(),
            Service::Hotspot => self.settings.mac_login && stays_near(why),
        };
        if returns {
            self.return_later(mac);
        }
    }

    fn return_later(&mut self, mac: Mac) {
        let wait_ms = self.redial_ms();
        let wait_ms = self.spread(wait_ms);
        self.arm(Timer::Device(mac), Some(self.now_ms.saturating_add(wait_ms)));
    }

    /// Somebody goes: a phone logs out, a house stops dialling. All of them, if nobody is named.
    pub(in crate::nas) fn leave(&mut self, who: Option<SessionKey>) {
        let all: Vec<_> = match who {
            Some(key) => vec![key],
            None => self.sessions.keys().copied().collect(),
        };
        if who.is_none() {
            for mac in self.devices.keys().copied().collect::<Vec<_>>() {
                self.arm(Timer::Device(mac), None);
            }
            self.devices.values_mut().for_each(|device| device.dials = None);
        }
        for key in all {
            self.end(key, cause::USER_REQUEST);
        }
    }

    /// The signal is gone: what a router notices after its keepalive.
    pub(in crate::nas) fn lose(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(&key) else { return };
        let why = match session.facts.service {
            Service::Hotspot => cause::LOST_SERVICE,
            Service::Pppoe => cause::LOST_CARRIER,
        };
        self.end(key, why);
    }

    /// Power goes and comes: all that was online is gone without a word, and so is what waited to be sent.
    pub(in crate::nas) fn reboot(&mut self) {
        for (_, mut session) in std::mem::take(&mut self.sessions) {
            session.advance(self.now_ms);
            self.bury(&session, None);
        }
        self.logins.clear();
        self.waiting.clear();
        self.timers.clear();
        self.armed.clear();
        self.forgets = true;
        self.boot = (self.boot + 1) & 0xf;
        self.counter = 0;
        self.memory.note(self.now_ms, "", Happened::Rebooted);
        let mut returning = Vec::new();
        for (mac, device) in &mut self.devices {
            let was_near = device.session.take().is_some();
            (device.is_asking, device.cookie, device.in_vain) = (false, None, 0);
            if device.dials.is_some() || (was_near && self.settings.mac_login) {
                returning.push(*mac);
            }
        }
        for mac in returning {
            self.return_later(mac);
        }
    }
}
