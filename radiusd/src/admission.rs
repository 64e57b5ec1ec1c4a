//! One login on what memory knows: facts, rules, a place, and the record of it. Nothing here waits.
//!
//! The holder's own lock makes the look at the places and the grasp one step. Never decides: that is
//! `policy::access::admission`.

use std::cell::Cell;
use std::sync::Arc;

use arc_swap::Guard;
use domain::access::attempt::Attempt;
use domain::access::decision::{AnsweredFrom, DecisionRecord, Proved, TraceCode};
use domain::access::facts::{Candidate, Facts, FoundBy, PlacesSeen};
use domain::access::grant::Grant;
use domain::access::usage::Recent;
use domain::id::{Id, SessionId};
use domain::platform::house::HouseRules;
use domain::rate::Bytes;
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, WhenFull};
use domain::sales::voucher::FirstUse;
use domain::time::{Timestamp, Zone};
use policy::access::admission::{self, Admit, Outcome, Verdict};
use policy::access::{credentials, leases, restricted, shaping};
use ports::Random as _;
use smallvec::SmallVec;
use tokio::time::Instant;

use crate::directory::book::{NameEntry, RightEntry, RightFacts};
use crate::directory::registry::KnownNas;
use crate::live::holder::GrantedSession;
use crate::node::Node;

/// The answer to one login.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The terms, or why not.
    pub(crate) outcome: Result<Grant, Refusal>,
    /// The code of its decision record.
    pub(crate) trace: TraceCode,
}

/// What memory has to say to a login.
#[expect(clippy::large_enum_variant, reason = "nearly every login gets an answer, and none is to allocate")]
#[derive(Debug)]
pub(crate) enum Said {
    /// This is the answer.
    Answer(Decided),
    /// The router has another shared secret: no answer, and no record that would blame a person.
    WrongSecret,
    /// It does not know the name.
    NotHere,
}

/// One login that asks memory.
pub(crate) struct Asking<'a> {
    pub(crate) node: &'a Node,
    pub(crate) nas: &'a KnownNas,
    pub(crate) attempt: &'a Attempt<'a>,
    /// Whether the request's proof was made with a password.
    pub(crate) proves: &'a dyn Fn(&[u8]) -> bool,
    /// Whether the password came out as garbage.
    pub(crate) garbled: bool,
    pub(crate) answered_from: AnsweredFrom,
    pub(crate) arrived: Instant,
    pub(crate) now: Timestamp,
}

/// Where records of decisions go.
pub(crate) type Record<'r> = &'r mut dyn FnMut(&DecisionRecord<'_>);

/// What memory knows of one meaning at this moment.
struct Seen {
    facts: Guard<Arc<RightFacts>>,
    plan: Guard<Arc<Plan>>,
    used: Bytes,
    recent: Recent,
    places: PlacesSeen,
}

/// What came of a verdict once its place was asked for.
struct Taken {
    verdict: Verdict,
    grant: Option<Grant>,
    first_use: Option<FirstUse>,
}

impl Taken {
    const fn nothing(verdict: Verdict) -> Self {
        Self { verdict, grant: None, first_use: None }
    }
}

/// What came of the grasp at a place.
enum Grasp {
    /// It is taken, until the end of what was bought; perhaps for the first time.
    Place(Option<Timestamp>, Option<FirstUse>),
    /// Other devices have them all.
    Full,
    /// The right has left the book.
    Gone,
}

impl Asking<'_> {
    /// Decides, takes the place, and lets the decision be recorded.
    pub(crate) fn decide(&self, record: Record<'_>) -> Said {
        let said = self.node.book.with(self.nas.nas.tenant, self.attempt.user_name, |entry| self.on(entry, record));
        said.unwrap_or(Said::NotHere)
    }

    /// Refuses a name that the database does not know either.
    pub(crate) fn refuse_unknown(&self, differs_only_in_case: bool, record: Record<'_>) -> Said {
        let zone = Zone::utc();
        let house = HouseRules::default();
        let facts = Facts { candidates: SmallVec::new(), differs_only_in_case, zone: &zone, house: &house };
        let (verdict, proved) = self.ask(&facts);
        self.conclude(&facts, proved, Taken::nothing(verdict), record)
    }

    fn on(&self, entry: &NameEntry, record: Record<'_>) -> Said {
        let habits = entry.tenant.habits.load();
        // An ISP that does not want devices to come back by themselves: then an address means nothing.
        let means = |(_, found_by): &&(_, FoundBy)| *found_by != FoundBy::Device || habits.house.mac_login;
        let meanings = || entry.meanings.iter().filter(means);
        let seen = meanings().map(|(right, _)| self.see(right));
        let Some(seen) = seen.collect::<Option<SmallVec<[Seen; 1]>>>() else { return Said::NotHere };
        let candidates = seen.iter().zip(meanings()).map(|(seen, (_, found_by))| Candidate {
            right: &seen.facts.right,
            found_by: *found_by,
            plan: &seen.plan,
            used: seen.used,
            recent: seen.recent,
            places: seen.places,
        });
        let facts = Facts {
            candidates: candidates.collect(),
            differs_only_in_case: false,
            zone: &habits.zone,
            house: &habits.house,
        };
        let (verdict, proved) = self.ask(&facts);
        let taken = match verdict.outcome {
            Outcome::Admit(admit) => match self.take_place(entry, &facts, admit, verdict) {
                Some(taken) => taken,
                None => return Said::NotHere,
            },
            Outcome::Refuse { .. } => Taken::nothing(verdict),
        };
        self.conclude(&facts, proved, taken, record)
    }

    /// `None` when what was used lately counts and is not known here: the database knows it.
    fn see(&self, right: &RightEntry) -> Option<Seen> {
        let facts = right.facts.load();
        let plan = facts.plan.load();
        let live = right.live();
        let recent = match live.recent(self.now) {
            Some(recent) => recent,
            // While nobody can be asked, it is not the customer who has to bear that.
            None if plan.terms.counts_any() && self.answered_from != AnsweredFrom::MemoryInOutage => return None,
            None => Recent::default(),
        };
        let device = &self.attempt.device;
        let places = PlacesSeen { is_blocked: facts.is_blocked(device), ..live.places_seen(device, self.now) };
        Some(Seen { used: live.used(), recent, places, facts, plan })
    }

    /// The verdict, and which passwords it found the request to be made with.
    fn ask(&self, facts: &Facts<'_>) -> (Verdict, Proved) {
        let proved = Cell::new(Proved::default());
        let proves = |password: &[u8]| {
            let proves = (self.proves)(password);
            if proves {
                proved.set(credentials::proved_with(&facts.candidates, self.attempt.user_name, password));
            }
            proves
        };
        (admission::admit(facts, self.attempt, &proves, self.now), proved.into_inner())
    }

    /// Takes the place that the verdict found free. Another device may have been quicker; then the verdict is a
    /// refusal. `None` when the right has left the book meanwhile.
    fn take_place(&self, entry: &NameEntry, facts: &Facts<'_>, admit: Admit, verdict: Verdict) -> Option<Taken> {
        let full = |verdict| Taken::nothing(admission::lost_the_race(verdict, admit.holder));
        let meaning = entry.meanings.get(admit.candidate).zip(facts.candidates.get(admit.candidate));
        let Some(((right, _), candidate)) = meaning else { return Some(full(verdict)) };
        let session: SessionId = self.new_id();
        let interim_seconds = leases::interim_seconds(self.node.settings.interim_seconds, session.bytes()[15]);
        let restriction = restricted::of(&admit, facts.house);
        let granted = GrantedSession {
            id: session,
            nas: self.nas.nas.id,
            user_name: Arc::clone(&entry.shown),
            device: self.attempt.device.clone(),
            service: self.attempt.service,
            framed_ip: self.attempt.framed_ip,
            told: match restriction {
                Some(terms) => restricted::told(candidate, terms),
                None => {
                    let until = admit.first_use.map_or(admit.until, |first| Some(first.until));
                    shaping::told(candidate, facts.zone, until, self.now)
                }
            },
            interim_seconds,
        };
        match self.grasp(right, granted, candidate, admit) {
            Grasp::Place(until, first_use) => {
                let grant = match restriction {
                    Some(terms) => restricted::grant(candidate, terms, session, interim_seconds),
                    None => shaping::grant(candidate, facts.zone, session, until, interim_seconds, self.now),
                };
                Some(Taken { verdict, grant: Some(grant), first_use })
            }
            Grasp::Full => Some(full(verdict)),
            Grasp::Gone => None,
        }
    }

    /// Takes the place and the first use in one step.
    fn grasp(&self, right: &RightEntry, granted: GrantedSession, candidate: &Candidate<'_>, admit: Admit) -> Grasp {
        let lease_until = leases::reserved(self.now, self.node.settings.reserve_seconds);
        let mut live = right.live();
        if right.is_gone() {
            return Grasp::Gone;
        }
        right.note_use(self.now);
        let cap = candidate.plan.terms.device_cap;
        let taken = match admission::when_full(candidate) {
            WhenFull::Refuse => live.grant(granted, cap, self.now, lease_until),
            WhenFull::NewestWins => live.grant_newest(granted, cap, self.now, lease_until),
        };
        if taken.is_err() {
            return Grasp::Full;
        }
        let Some(first_use) = admit.first_use else { return Grasp::Place(admit.until, None) };
        let (until, is_first) = right.use_first(first_use);
        drop(live);
        if is_first {
            self.node.first_uses.note(right.tenant, admit.holder, first_use);
        }
        Grasp::Place(Some(until), is_first.then_some(first_use))
    }

    /// A fresh id, of the moment at which the batch was taken.
    fn new_id<Of>(&self) -> Id<Of> {
        Id::from_bytes(self.node.random.uuid_v7(self.now))
    }

    fn conclude(&self, facts: &Facts<'_>, proved: Proved, taken: Taken, record: Record<'_>) -> Said {
        let Taken { verdict, grant, first_use } = taken;
        let (refusal, holder) = match (&grant, &verdict.outcome) {
            (Some(grant), _) => (None, Some(grant.holder)),
            (None, Outcome::Refuse { .. }) if self.garbled => return Said::WrongSecret,
            (None, Outcome::Refuse { refusal, holder }) => (Some(*refusal), *holder),
            (None, Outcome::Admit(admit)) => (Some(Refusal::AlreadyInUse), Some(admit.holder)),
        };
        let trace = TraceCode::from_bits(self.node.context().bits());
        record(&DecisionRecord {
            id: self.new_id(),
            trace,
            tenant: self.nas.nas.tenant,
            at: self.now,
            nas: self.nas.nas.id,
            attempt: self.attempt,
            candidates: &facts.candidates,
            differs_only_in_case: facts.differs_only_in_case,
            proved,
            restriction: restricted::asked_for(&verdict, facts.house),
            answered_from: self.answered_from,
            policy_version: policy::VERSION,
            trail: verdict.trail.steps(),
            holder,
            refusal,
            granted: grant.as_ref(),
            first_use,
            took_micros: u32::try_from(self.arrived.elapsed().as_micros()).unwrap_or(u32::MAX),
        });
        let outcome = grant.ok_or(refusal.unwrap_or(Refusal::AlreadyInUse));
        Said::Answer(Decided { outcome, trace })
    }
}
