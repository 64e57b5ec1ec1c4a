//! What can be seen of a simulated router from outside.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use domain::mac::Mac;

use super::session::{Service, SessionKey};
use super::told::Told;
use super::traffic::Moved;

/// Events, CoAs and ended sessions that are kept, the newest each.
pub(super) const KEPT_MAX: usize = 100_000;

/// Sentences of refusals that are told apart.
const SENTENCES_MAX: usize = 64;

/// Somebody who is online.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Online {
    /// The session.
    pub session: SessionKey,
    /// User-Name.
    pub user: String,
    /// The device.
    pub mac: Mac,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// The kind of line.
    pub service: Service,
    /// All that was told, with what CoAs have changed.
    pub told: Told,
    /// Seconds until the end that was told.
    pub seconds_left: Option<u64>,
    /// Seconds online.
    pub seconds: u64,
    /// Octets so far.
    pub moved: Moved,
    /// CoAs that were taken.
    pub changes: u32,
}

impl Online {
    /// The rate that was told; empty when none was.
    pub fn rate(&self) -> &str {
        self.told.rate.as_deref().unwrap_or_default()
    }

    /// The first address list; empty when there is none.
    pub fn address_list(&self) -> &str {
        self.told.address_lists.first().map_or("", String::as_str)
    }
}

/// A session that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// The session.
    pub session: SessionKey,
    /// User-Name.
    pub user: String,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// Acct-Terminate-Cause; `None` when the router forgot it in a reboot.
    pub cause: Option<u32>,
    /// Octets that it moved.
    pub moved: Moved,
    /// Octets of the greatest report that was answered.
    pub answered: Moved,
}

/// What was answered to a CoA or Disconnect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Yes.
    Ack,
    /// No, with this Error-Cause.
    Nak(u32),
    /// The same as the first time: it was sent again.
    Repeated,
    /// Nothing: it is malformed, signed with another secret, or from a stranger.
    Silence,
}

/// A CoA or Disconnect that reached the router.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// How long after the router's start, by the clock on the wall.
    pub at: Duration,
    /// Whether it asks to end a session.
    pub is_disconnect: bool,
    /// User-Name in it.
    pub user: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Milliseconds since the router's start, by its own time.
    pub at_ms: u64,
    /// Whom it happened to; empty for the router itself.
    pub user: String,
    /// What.
    pub what: Happened,
}

/// What can happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happened {
    /// Came online.
    Began(SessionKey),
    /// Was refused, with this sentence.
    Refused(String),
    /// Got no answer.
    Unanswered,
    /// Got new terms.
    Changed(SessionKey),
    /// Went offline, with this Acct-Terminate-Cause.
    Ended(SessionKey, u32),
    /// The router started again.
    Rebooted,
}

/// Numbers of what happened.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Logins that came online.
    pub logins: u64,
    /// Logins that were refused, by the server or by the router itself.
    pub refused: u64,
    /// Logins without an answer.
    pub unanswered: u64,
    /// Why people were refused: the sentence without its reference, and how often.
    pub sentences: BTreeMap<String, u64>,
    /// Reports that were answered.
    pub reported: u64,
    /// Reports that were lost after the last try.
    pub lost: u64,
    /// Sessions that ended.
    pub ended: u64,
    /// CoAs that were acknowledged, each once.
    pub coa_acked: u64,
    /// CoAs that were refused.
    pub coa_naked: u64,
    /// Disconnects that were acknowledged.
    pub disconnect_acked: u64,
    /// Disconnects that were refused.
    pub disconnect_naked: u64,
    /// CoAs and Disconnects that came again.
    pub repeated: u64,
    /// CoAs and Disconnects that were not answered: another secret, a stranger, nonsense.
    pub bad_requests: u64,
    /// Answers to logins that said nothing a router can use.
    pub bad_replies: u64,
    /// Octets of all sessions.
    pub moved: Moved,
}

impl Tally {
    /// Adds another router's numbers.
    pub fn add(&mut self, other: &Self) {
        let numbers = [
            (&mut self.logins, other.logins),
            (&mut self.refused, other.refused),
            (&mut self.unanswered, other.unanswered),
            (&mut self.reported, other.reported),
            (&mut self.lost, other.lost),
            (&mut self.ended, other.ended),
            (&mut self.coa_acked, other.coa_acked),
            (&mut self.coa_naked, other.coa_naked),
            (&mut self.disconnect_acked, other.disconnect_acked),
            (&mut self.disconnect_naked, other.disconnect_naked),
            (&mut self.repeated, other.repeated),
            (&mut self.bad_requests, other.bad_requests),
            (&mut self.bad_replies, other.bad_replies),
        ];
        for (mine, theirs) in numbers {
            *mine += theirs;
        }
        self.moved = self.moved.plus(other.moved);
        for (sentence, count) in &other.sentences {
            *self.sentences.entry(sentence.clone()).or_default() += count;
        }
    }

    pub(super) fn refuse(&mut self, sentence: &str) {
        self.refused += 1;
        let has_room = self.sentences.len() < SENTENCES_MAX || self.sentences.contains_key(sentence);
        *self.sentences.entry(if has_room { sentence } else { "others" }.to_owned()).or_default() += 1;
    }
}

/// What a router remembers for those who look at it.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) tally: Tally,
    pub(super) events: VecDeque<Event>,
    /// Events that were there before the first that is kept.
    pub(super) events_gone: u64,
    pub(super) controls: VecDeque<Control>,
    pub(super) past: BTreeMap<SessionKey, Past>,
    /// Octets of sessions that are over, by name.
    pub(super) by_user: HashMap<String, Moved>,
}

impl Memory {
    pub(super) fn note(&mut self, at_ms: u64, user: &str, what: Happened) {
        if self.events.len() >= KEPT_MAX {
            self.events.pop_front();
            self.events_gone += 1;
        }
        self.events.push_back(Event { at_ms, user: user.to_owned(), what });
    }

    pub(super) fn control(&mut self, control: Control) {
        let tally = &mut self.tally;
        let count = match (control.outcome, control.is_disconnect) {
            (Outcome::Ack, false) => &mut tally.coa_acked,
            (Outcome::Nak(_), false) => &mut tally.coa_naked,
            (Outcome::Ack, true) => &mut tally.disconnect_acked,
            (Outcome::Nak(_), true) => &mut tally.disconnect_naked,
            (Outcome::Repeated, _) => &mut tally.repeated,
            (Outcome::Silence, _) => &mut tally.bad_requests,
        };
        *count += 1;
        if self.controls.len() >= KEPT_MAX {
            self.controls.pop_front();
        }
        self.controls.push_back(control);
    }

    pub(super) fn over(&mut self, past: Past) {
        let all = self.by_user.entry(past.user.clone()).or_default();
        *all = all.plus(past.moved);
        self.tally.moved = self.tally.moved.plus(past.moved);
        if self.past.len() >= KEPT_MAX {
            self.past.pop_first();
        }
        self.past.insert(past.session, past);
    }
}

/// The most of these moments that lie within one second.
pub(super) fn most_in_any_second(moments: impl Iterator<Item = Duration>) -> usize {
    let mut window: VecDeque<Duration> = VecDeque::new();
    let mut most = 0;
    for moment in moments {
        while window.front().is_some_and(|first| moment.saturating_sub(*first) >= Duration::from_secs(1)) {
            window.pop_front();
        }
        window.push_back(moment);
        most = most.max(window.len());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let moments = |ms: &[u64]| most_in_any_second(ms.iter().map(|ms| Duration::from_millis(*ms)));

        assert_eq!(moments(&[]), 0);
        assert_eq!(moments(&[0, 900, 950, 1_100, 1_899, 1_900, 5_000]), 4);
        assert_eq!(moments(&[0, 1_000, 2_000]), 1);
    }

    #[test]
    fn too_many_sentences_share_a_name() {
        let mut tally = Tally::default();

        for number in 0..SENTENCES_MAX + 3 {
            tally.refuse(&format!("no {number}"));
        }
        tally.refuse("no 1");

        assert_eq!((tally.refused, tally.sentences["others"], tally.sentences["no 1"]), (68, 3, 2));
    }
}
