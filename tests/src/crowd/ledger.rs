//! What the crowd was told, as it was told it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::switch::Line;

/// How long after its last sign of life a device surely holds its place: less than a login reserves it for.
const SURE: Duration = Duration::from_secs(45);

/// After which time without a database it must have been noticed.
const NOTICED: Duration = Duration::from_secs(6);

/// Numbers of what happened.
#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    /// Logins that were let in.
    pub accepts: u64,
    /// Devices that found all places of their card taken.
    pub refusals: u64,
    /// Logins that were not answered.
    pub silences: u64,
    /// Logins that were let in while the database had been away for a while.
    pub accepts_away: u64,
    /// Logins of known customers that were not answered while the database had been away for a while.
    pub silences_away: u64,
    /// Reports that were answered.
    pub answered: u64,
    /// Reports that were not, even after the last try.
    pub unanswered: u64,
}

/// What is known of one session.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Story {
    /// The most octets that were sent, answered or not.
    pub(super) sent: u64,
    /// The most octets that were answered.
    pub(super) answered: Option<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    tally: Tally,
    sessions: HashMap<String, Story>,
    /// When each device that surely holds a place of a card gave its last sign of life.
    holders: HashMap<usize, HashMap<usize, Instant>>,
    wrong_caps: u64,
    faults: Vec<String>,
    away: Option<(Line, Instant)>,
}

/// The crowd's memory.
#[derive(Debug, Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

impl Ledger {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The story tells how the line to the database is.
    pub fn line_is(&self, line: Line) {
        self.inner().away = match line {
            Line::Whole | Line::Slow(_) => None,
            Line::Frozen | Line::Cut => Some((line, Instant::now())),
        };
    }

    /// The numbers so far.
    pub fn tally(&self) -> Tally {
        self.inner().tally
    }

    /// What went wrong so far, as sentences.
    pub fn faults(&self) -> Vec<String> {
        self.inner().faults.clone()
    }

    /// How often a card carried more devices than were sold.
    pub fn wrong_caps(&self) -> u64 {
        self.inner().wrong_caps
    }

    pub(super) fn sessions(&self) -> HashMap<String, Story> {
        self.inner().sessions.clone()
    }

    pub(super) fn away(&self) -> Option<(Line, Instant)> {
        self.inner().away
    }

    pub(super) fn fault(&self, what: String) {
        self.inner().faults.push(what);
    }

    pub(super) fn let_in(&self, before: Option<(Line, Instant)>) {
        let mut inner = self.inner();
        inner.tally.accepts += 1;
        if is_noticed(before) && inner.away == before {
            inner.tally.accepts_away += 1;
        }
    }

    pub(super) fn silence(&self, before: Option<(Line, Instant)>) {
        let mut inner = self.inner();
        inner.tally.silences += 1;
        if is_noticed(before) && inner.away == before {
            inner.tally.silences_away += 1;
        }
    }

    pub(super) fn refused(&self) {
        self.inner().tally.refusals += 1;
    }

    /// Devices other than this one that surely hold a place now.
    pub(super) fn holders(&self, card: usize, device: usize) -> HashSet<usize> {
        let inner = self.inner();
        let of_card = inner.holders.get(&card).into_iter().flatten();
        of_card.filter(|(other, sign)| **other != device && sign.elapsed() < SURE).map(|(other, _)| *other).collect()
    }

    /// A device was let in. Those that surely held a place before it asked, and still do, must leave it one.
    pub(super) fn holds(&self, card: usize, device: usize, before: &HashSet<usize>, places: u16) {
        let now = self.holders(card, device);
        let all_along = before.intersection(&now).count();
        let mut inner = self.inner();
        if all_along >= usize::from(places) {
            inner.wrong_caps += 1;
            inner.faults.push(format!("card {card} let device {device} in beside {all_along} others"));
        }
        inner.holders.entry(card).or_default().insert(device, Instant::now());
    }

    /// It is about to say that it leaves.
    pub(super) fn leaves(&self, card: usize, device: usize) {
        if let Some(holders) = self.inner().holders.get_mut(&card) {
            holders.remove(&device);
        }
    }

    pub(super) fn new_session(&self) -> String {
        let mut inner = self.inner();
        let id = format!("8C{:06X}", inner.sessions.len());
        inner.sessions.insert(id.clone(), Story::default());
        id
    }

    pub(super) fn sends(&self, session: &str, octets: u64) {
        if let Some(story) = self.inner().sessions.get_mut(session) {
            story.sent = story.sent.max(octets);
        }
    }

    pub(super) fn is_answered(&self, session: &str, octets: u64, place: Option<(usize, usize)>) {
        let mut inner = self.inner();
        inner.tally.answered += 1;
        if let Some(story) = inner.sessions.get_mut(session) {
            story.answered = story.answered.max(Some(octets));
        }
        if let Some((card, device)) = place
            && let Some(sign) = inner.holders.get_mut(&card).and_then(|holders| holders.get_mut(&device))
        {
            *sign = Instant::now();
        }
    }

    pub(super) fn unanswered(&self) {
        self.inner().tally.unanswered += 1;
    }
}

fn is_noticed(away: Option<(Line, Instant)>) -> bool {
    away.is_some_and(|(_, since)| since.elapsed() >= NOTICED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_too_many_is_seen_and_one_that_may_have_made_room_is_not() {
        let ledger = Ledger::default();
        for device in 0..2 {
            ledger.holds(7, device, &ledger.holders(7, device), 2);
        }
        assert_eq!(ledger.wrong_caps(), 0);

        let before = ledger.holders(7, 2);
        ledger.leaves(7, 0);
        ledger.holds(7, 2, &before, 2);
        assert_eq!(ledger.wrong_caps(), 0, "0 may have left before 2 was let in");
        ledger.holds(7, 3, &ledger.holders(7, 3), 2);
        assert_eq!(ledger.wrong_caps(), 1);
    }
}
