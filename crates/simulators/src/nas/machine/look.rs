//! What a router can be asked about its sessions, and what they move.

use super::Machine;
use crate::nas::session::{Session, SessionKey};
use crate::nas::traffic::Moved;
use crate::nas::view::Online;

impl Machine {
    /// Who is online.
    pub(in crate::nas) fn online(&mut self) -> Vec<Online> {
        let now_ms = self.now_ms;
        let seen = |session: &mut Session| {
            session.advance(now_ms);
            Online {
                session: session.key,
                user: session.facts.user.clone(),
                mac: session.facts.mac,
                ip: session.facts.ip,
                acct_session_id: session.facts.acct_session_id(),
                service: session.facts.service,
                told: session.told.clone(),
                seconds_left: session.seconds_left(now_ms),
                seconds: session.seconds(now_ms),
                moved: session.meter.moved,
                changes: session.changes,
            }
        };
        self.sessions.values_mut().map(seen).collect()
    }

    /// Octets of a session, living or over.
    pub(in crate::nas) fn moved(&mut self, key: SessionKey) -> Moved {
        let now_ms = self.now_ms;
        if let Some(session) = self.sessions.get_mut(&key) {
            session.advance(now_ms);
            return session.meter.moved;
        }
        self.memory.past.get(&key).map_or(Moved::default(), |past| past.moved)
    }

    /// Octets of all sessions of a name, living and over.
    pub(in crate::nas) fn moved_by(&mut self, user: &str) -> Moved {
        let now_ms = self.now_ms;
        let over = self.memory.by_user.get(user).copied().unwrap_or_default();
        let living = self.sessions.values_mut().filter(|session| session.facts.user == user);
        living.fold(over, |sum, session| {
            session.advance(now_ms);
            sum.plus(session.meter.moved)
        })
    }

    /// Octets of a session's greatest report that was answered.
    pub(in crate::nas) fn answered(&self, key: SessionKey) -> Moved {
        let living = self.sessions.get(&key).map(|session| session.answered);
        living.or_else(|| self.memory.past.get(&key).map(|past| past.answered)).unwrap_or_default()
    }

    /// From now on a session would move so many octets a second.
    pub(in crate::nas) fn wish(&mut self, key: SessionKey, wish: Moved) {
        let now_ms = self.now_ms;
        if let Some(session) = self.sessions.get_mut(&key) {
            session.advance(now_ms);
            session.meter.wish(wish);
        }
        self.arm_session(key);
    }

    /// A session moves so many octets at once.
    pub(in crate::nas) fn burst(&mut self, key: SessionKey, octets: Moved) {
        let now_ms = self.now_ms;
        if let Some(session) = self.sessions.get_mut(&key) {
            session.advance(now_ms);
            session.meter.burst(octets);
        }
        self.arm_session(key);
    }

    /// The same for all sessions of a name.
    pub(in crate::nas) fn answered_by(&self, user: &str) -> Moved {
        let living = self.sessions.values().filter(|one| one.facts.user == user).map(|one| one.answered);
        let past = self.memory.past.values().filter(|one| one.user == user).map(|one| one.answered);
        living.chain(past).fold(Moved::default(), Moved::plus)
    }
}
