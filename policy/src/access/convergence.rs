//! What a live session was told beside what it should have now: keep it, change it, or end it.
//!
//! Works on one holder with all its sessions, because a device cap is about all of them. The same rules as at login say
//! whether the right is alive (`admission`) and which terms it has (`shaping`), so the two cannot disagree.

use domain::access::attempt::Device;
use domain::access::facts::Candidate;
use domain::access::order::{Answer, Ask, Change, Parts, Why};
use domain::access::slot::Place;
use domain::access::told::{Speed, Told};
use domain::id::SessionId;
use domain::platform::house::HouseRules;
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, PlanService, PlanTerms};
use domain::time::{Span, Timestamp, Zone};

use crate::access::admission::{self, Stay};
use crate::access::devices::MustEnd;
use crate::access::shaping;

/// A session is looked at again after so long even if nothing is known to change: whatever was missed is found then.
pub const LOOK_EVERY: Span = Span::seconds(3_600);

/// Ends that differ by less are one end.
const SAME_END: Span = Span::seconds(2);

/// Tries without an answer after which staff is told.
pub const TRIES_UNTIL_TOLD: u16 = 3;

/// The longest time between two tries.
const LONGEST_WAIT_SECONDS: i64 = 60;

/// When to look again at what is being written at this moment.
const SOON: Span = Span::seconds(2);

/// How long after its session began a voucher's first use may be on its way into the database.
const FIRST_USE_WITHIN: Span = Span::seconds(300);

/// How long a node may take to notice that a router is not to be trusted any more: what was begun meanwhile ends too.
const NOTICED_WITHIN: Span = Span::seconds(5);

/// How long a router may take to stop speaking of a session that it says it has ended.
const LAST_WORDS: Span = Span::seconds(30);

/// A live session, as far as convergence needs to know of it.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The session.
    pub session: SessionId,
    /// The device.
    pub device: &'a Device,
    /// What its router was told last, with the terms that this meant; `None` when that is not known.
    pub told: Option<(Told, &'a PlanTerms)>,
    /// When it began.
    pub started_at: Timestamp,
    /// When its router last spoke of it.
    pub last_heard_at: Timestamp,
    /// When its router confirmed its end, if it did.
    pub cut_at: Option<Timestamp>,
    /// Seconds between its interim updates.
    pub interim_seconds: u32,
    /// Whether it is to end for what was said of its device.
    pub must_end: Option<MustEnd>,
    /// When its router was taken out of use, or lost its certificate.
    pub router_gone_at: Option<Timestamp>,
}

impl Live<'_> {
    /// Whether it is to end because of its router. What a router begins later it has proven anew.
    fn is_of_a_router_that_is_gone(&self) -> bool {
        self.router_gone_at.is_some_and(|gone_at| self.started_at < gone_at.plus(NOTICED_WITHIN))
    }

    /// Whether its router was told to lead it to where people are told how to pay.
    fn is_restricted(&self) -> bool {
        self.told.is_some_and(|(told, _)| told.speed == Speed::Restricted)
    }
}

/// What is to be done with a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing.
    Keep,
    /// Ask its router.
    Ask(Ask),
}

/// What convergence found of one holder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// What is to be done with each session, in their order.
    pub verdicts: Vec<Verdict>,
    /// When to look again, if nothing happens before.
    pub look_at: Timestamp,
    /// At which total of its octets to look again.
    pub look_at_octets: Option<u64>,
}

/// Compares all live sessions of a holder with what they should have at `now`.
pub fn converge(
    candidate: &Candidate<'_>,
    places: &[Place],
    settled: (&Zone, &HouseRules),
    sessions: &[Live<'_>],
    now: Timestamp,
) -> Seen {
    let (gone, staying): (Vec<&Live<'_>>, Vec<&Live<'_>>) =
        sessions.iter().partition(|live| live.is_of_a_router_that_is_gone());
    if gone.is_empty() {
        return of_trusted(candidate, places, settled, sessions, now);
    }
    let staying: Vec<Live<'_>> = staying.into_iter().copied().collect();
    let seen = of_trusted(candidate, places, settled, &staying, now);
    let mut others = seen.verdicts.into_iter();
    let verdicts = sessions.iter().map(|live| {
        if live.is_of_a_router_that_is_gone() {
            return ended(live, Why::RouterGone);
        }
        others.next().unwrap_or(Verdict::Keep)
    });
    Seen { verdicts: verdicts.collect(), ..seen }
}

/// The same of sessions whose routers are trusted.
fn of_trusted(
    candidate: &Candidate<'_>,
    places: &[Place],
    (zone, house): (&Zone, &HouseRules),
    sessions: &[Live<'_>],
    now: Timestamp,
) -> Seen {
    let mut look_at = now.plus(LOOK_EVERY);
    let until = match admission::stays(candidate, zone, house, now) {
        Ok(Stay::Until(until)) => until,
        Ok(Stay::Restricted) => return restrict(candidate.plan, places, sessions, look_at),
        Ok(Stay::JustBegun) => {
            let verdicts = sessions.iter().map(|_| Verdict::Keep).collect();
            // A first use that is not written soon is written by nobody.
            let is_new = sessions.iter().any(|live| now < live.started_at.plus(FIRST_USE_WITHIN));
            let look_at = if is_new { now.plus(SOON) } else { look_at };
            return Seen { verdicts, look_at, look_at_octets: None };
        }
        Err(refusal) => {
            let verdicts = sessions.iter().map(|live| ended(live, Why::Refused(refusal))).collect();
            return Seen { verdicts, look_at, look_at_octets: None };
        }
    };
    if let Some(until) = until {
        look_at = look_at.min(until);
    }
    let wanted = shaping::told(candidate, zone, until, now);
    let outlook = shaping::outlook(candidate, zone, now);
    if let Some(at) = outlook.at {
        look_at = look_at.min(at);
    }
    let beyond = beyond_the_cap(candidate.plan, places, sessions);
    let verdicts = sessions.iter().map(|live| match live.must_end {
        Some(MustEnd::Blocked) => ended(live, Why::Refused(Refusal::DeviceBlocked)),
        Some(MustEnd::Released) => ended(live, Why::Released),
        None if beyond.contains(&live.session) => ended(live, Why::Refused(Refusal::AlreadyInUse)),
        None => compare(candidate, zone, live, wanted, now),
    });
    Seen { verdicts: verdicts.collect(), look_at, look_at_octets: outlook.octets }
}

/// Sessions of somebody who is to be told how to pay: those that are there already stay, others log in again, for an
/// address of another pool is given at login alone.
fn restrict(plan: &Plan, places: &[Place], sessions: &[Live<'_>], look_at: Timestamp) -> Seen {
    let beyond = beyond_the_cap(plan, places, sessions);
    let verdicts = sessions.iter().map(|live| match live.must_end {
        Some(MustEnd::Blocked) => ended(live, Why::Refused(Refusal::DeviceBlocked)),
        Some(MustEnd::Released) => ended(live, Why::Released),
        None if beyond.contains(&live.session) => ended(live, Why::Refused(Refusal::AlreadyInUse)),
        None if live.is_restricted() => Verdict::Keep,
        None => ended(live, Why::Renewed),
    });
    Seen { verdicts: verdicts.collect(), look_at, look_at_octets: None }
}

/// One that its router says it has ended is not asked for again, unless the router still speaks of it.
fn ended(live: &Live<'_>, why: Why) -> Verdict {
    match live.cut_at {
        Some(cut_at) if live.last_heard_at < cut_at.plus(LAST_WORDS) => Verdict::Keep,
        _ => Verdict::Ask(Ask::Disconnect(why)),
    }
}

fn compare(candidate: &Candidate<'_>, zone: &Zone, live: &Live<'_>, wanted: Told, now: Timestamp) -> Verdict {
    if live.cut_at.is_some_and(|cut_at| live.last_heard_at < cut_at.plus(LAST_WORDS)) {
        return Verdict::Keep;
    }
    let parts = match live.told {
        // Whoever has paid leaves the pool and the list that lead to the page.
        Some(_) if live.is_restricted() => return Verdict::Ask(Ask::Disconnect(Why::Renewed)),
        None => Parts::ALL,
        Some((told, terms)) => match differences(candidate.plan, (told, terms), wanted) {
            Difference::InParts(parts) if parts.is_empty() => return Verdict::Keep,
            Difference::InParts(parts) => parts,
            Difference::InWhole => return Verdict::Ask(Ask::Disconnect(Why::Renewed)),
        },
    };
    let grant = shaping::grant(candidate, zone, live.session, wanted.until, live.interim_seconds, now);
    Verdict::Ask(Ask::Change(Box::new(Change { grant, parts, told: wanted })))
}

enum Difference {
    /// A live session can be told of it.
    InParts(Parts),
    /// It has to log in again.
    InWhole,
}

/// An address, a pool and the leaving of an address list are for logins alone.
fn differences(plan: &Plan, (told, terms): (Told, &PlanTerms), wanted: Told) -> Difference {
    let (before, now) = (shaping::shape(terms, told.speed), shaping::shape(&plan.terms, wanted.speed));
    let pool_matters = wanted.framed_ip.is_none();
    let leaves_list = before.address_list.is_some() && now.address_list.is_none();
    if told.framed_ip != wanted.framed_ip || (pool_matters && before.pool != now.pool) || leaves_list {
        return Difference::InWhole;
    }
    let time = match (told.until, wanted.until) {
        (Some(told), Some(wanted)) => {
            let (earlier, later) = if told < wanted { (told, wanted) } else { (wanted, told) };
            later.since(earlier) > SAME_END
        }
        (told, wanted) => told != wanted,
    };
    Difference::InParts(Parts {
        rate: before.rate != now.rate,
        time,
        data: terms.data_cap != plan.terms.data_cap || told.data_since != wanted.data_since,
        list: before.address_list != now.address_list,
        cap: plan.service == PlanService::Hotspot && terms.device_cap != plan.terms.device_cap,
    })
}

/// Sessions of devices that are more than the cap allows. Those with a place stay before those without, and of these the
/// ones that came first.
fn beyond_the_cap(plan: &Plan, places: &[Place], sessions: &[Live<'_>]) -> Vec<SessionId> {
    let cap = usize::from(plan.terms.device_cap.get());
    let mut devices: Vec<(bool, Timestamp, &Device)> = Vec::new();
    for live in sessions.iter().filter(|live| live.must_end.is_none()) {
        match devices.iter_mut().find(|(_, _, device)| *device == live.device) {
            Some((_, began, _)) => *began = (*began).min(live.started_at),
            None => {
                let has_none = !places.iter().any(|place| place.device == *live.device);
                devices.push((has_none, live.started_at, live.device));
            }
        }
    }
    if devices.len() <= cap {
        return Vec::new();
    }
    devices.sort_by_key(|(has_none, began, _)| (*has_none, *began));
    let beyond: Vec<&Device> = devices.into_iter().skip(cap).map(|(_, _, device)| device).collect();
    sessions.iter().filter(|live| beyond.contains(&live.device)).map(|live| live.session).collect()
}

/// What follows from a router's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct After {
    /// When to look again.
    pub look_at: Timestamp,
    /// How often it was asked in vain by now.
    pub tries: u16,
    /// Whether the session is to be taken for ended.
    pub is_cut: bool,
    /// Whether staff should see it.
    pub is_trouble: bool,
}

/// What follows from the answer to an order that was asked in vain `tries` times before.
///
/// Silence is asked again, with waits that grow to a minute, as long as the session is believed: the router may come
/// back. A router that will not change a session is asked to end it, so that it comes back with its new terms.
pub fn after(ask: &Ask, answer: &Answer, (tries, was_cut): (u16, bool), interim_seconds: u32, now: Timestamp) -> After {
    let more = tries.saturating_add(1);
    let later = |seconds: i64| now.plus(Span::seconds(seconds));
    let again = After { look_at: later(wait_seconds(more)), tries: more, is_cut: false, is_trouble: false };
    match (ask, answer) {
        // Its turn did not come in time: what is to be asked now may be something else.
        (_, Answer::NotAsked) => After { look_at: now, tries, is_cut: false, is_trouble: false },
        // Whatever such a router says, it is not believed. That it was not ended there is for people to see.
        (Ask::Disconnect(Why::RouterGone), answer) => {
            let has_done_it = !was_cut && matches!(answer, Answer::Done | Answer::NoSuchSession);
            let look_at = now.plus(LAST_WORDS).plus(Span::seconds(i64::from(interim_seconds)));
            After { look_at, tries: 0, is_cut: true, is_trouble: !has_done_it }
        }
        // Looked at again at once: something may have changed meanwhile.
        (Ask::Change(_), Answer::Done) => After { look_at: now, tries: 0, is_cut: false, is_trouble: false },
        // It said so before, and spoke of the session again: it means another one, or cannot end it.
        (Ask::Disconnect(_), Answer::Done | Answer::NoSuchSession) if was_cut => {
            After { is_trouble: more >= TRIES_UNTIL_TOLD, ..again }
        }
        (Ask::Disconnect(_), Answer::Done | Answer::NoSuchSession) => {
            let look_at = now.plus(LAST_WORDS).plus(Span::seconds(i64::from(interim_seconds)));
            After { look_at, tries: 0, is_cut: true, is_trouble: false }
        }
        // Perhaps its end is on the way to us, perhaps the router means another one: its next report tells.
        (Ask::Change(_), Answer::NoSuchSession) => {
            After { look_at: later(i64::from(interim_seconds)), is_trouble: more >= TRIES_UNTIL_TOLD, ..again }
        }
        (Ask::Change(_), Answer::Refused(_)) => After { look_at: now, ..again },
        (Ask::Disconnect(_), Answer::Refused(_)) | (_, Answer::Unreachable(_)) => {
            After { look_at: later(LONGEST_WAIT_SECONDS), is_trouble: true, ..again }
        }
        (_, Answer::Silence) => After { is_trouble: more >= TRIES_UNTIL_TOLD, ..again },
    }
}

/// What is asked of a router that has refused to change the session: its end, so that it comes back with its new terms.
pub fn escalate(ask: Ask, has_refused: bool) -> Ask {
    match ask {
        Ask::Change(_) if has_refused => Ask::Disconnect(Why::Renewed),
        ask @ (Ask::Change(_) | Ask::Disconnect(_)) => ask,
    }
}

fn wait_seconds(tries: u16) -> i64 {
    let doubled = 1_i64.checked_shl(u32::from(tries.min(10))).unwrap_or(LONGEST_WAIT_SECONDS);
    (2 * doubled).min(LONGEST_WAIT_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: Ask = Ask::Disconnect(Why::RouterGone);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_router_that_is_gone_ends_nothing_by_its_word_and_keeps_nothing_by_its_silence() {
        let silent = Answer::Unreachable("it is retired".to_owned());
        for (answer, is_trouble) in [
            (Answer::Done, false),
            (Answer::NoSuchSession, false),
            (Answer::Refused(Some(504)), true),
            (Answer::Silence, true),
            (silent, true),
        ] {
            let after = after(&GONE, &answer, (0, false), 300, at(0));
            assert!(after.is_cut, "{answer}");
            assert_eq!(after.is_trouble, is_trouble, "{answer}");
        }
        let spoke_again = after(&GONE, &Answer::Done, (0, true), 300, at(0));
        assert!(spoke_again.is_cut && spoke_again.is_trouble, "it said so before");
        let not_asked = after(&GONE, &Answer::NotAsked, (2, false), 300, at(0));
        assert_eq!((not_asked.is_cut, not_asked.tries, not_asked.look_at), (false, 2, at(0)));
    }

    #[test]
    fn what_a_router_begins_after_it_was_given_up_it_has_proven_anew() {
        let began = |seconds| Live {
            session: SessionId::from_bytes([1; 16]),
            device: &Device::Unnamed,
            told: None,
            started_at: at(seconds),
            last_heard_at: at(seconds),
            cut_at: None,
            interim_seconds: 300,
            must_end: None,
            router_gone_at: Some(at(100)),
        };

        assert!(began(50).is_of_a_router_that_is_gone());
        assert!(began(104).is_of_a_router_that_is_gone(), "a node may not have noticed");
        assert!(!began(105).is_of_a_router_that_is_gone());
    }
}
