//! One login on what memory knows: facts, rules, a place. Nothing here waits.
//!
//! The holder's own lock makes the look at the places and the grasp one step. Never decides: that is
//! `policy::access::admission`.

use arc_swap::Guard;
use domain::access::attempt::Attempt;
use domain::access::decision::TraceCode;
use domain::access::facts::{Candidate, Facts, PlacesSeen};
use domain::access::grant::Grant;
use domain::id::SessionId;
use domain::rate::Bytes;
use domain::refusal::Refusal;
use domain::sales::plan::Plan;
use domain::time::Timestamp;
use policy::access::admission::{self, Admit, Outcome, Verdict};
use policy::access::{leases, shaping};
use smallvec::SmallVec;
use std::sync::Arc;

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

/// What memory knows of one meaning at this moment.
struct Seen {
    facts: Guard<Arc<RightFacts>>,
    plan: Guard<Arc<Plan>>,
    used: Bytes,
    places: PlacesSeen,
}

/// Decides a login, and takes its place. `None` when the name is not in memory.
pub(crate) fn decide(
    node: &Node,
    nas: &KnownNas,
    attempt: &Attempt<'_>,
    proves: &dyn Fn(&[u8]) -> bool,
    now: Timestamp,
) -> Option<Decided> {
    node.book.with(nas.nas.tenant, attempt.user_name, |entry| on_entry(node, nas, attempt, proves, entry, now))
}

fn on_entry(
    node: &Node,
    nas: &KnownNas,
    attempt: &Attempt<'_>,
    proves: &dyn Fn(&[u8]) -> bool,
    entry: &NameEntry,
    now: Timestamp,
) -> Decided {
    let habits = entry.tenant.habits.load();
    let seen: SmallVec<[Seen; 1]> = entry
        .meanings
        .iter()
        .map(|(right, _)| {
            let facts = right.facts.load();
            let plan = facts.plan.load();
            let live = right.live();
            Seen { used: live.used(), places: live.places_seen(&attempt.device, now), facts, plan }
        })
        .collect();
    let candidates = seen.iter().zip(&entry.meanings).map(|(seen, (_, found_by))| Candidate {
        right: &seen.facts.right,
        found_by: *found_by,
        plan: &seen.plan,
        used: seen.used,
        places: seen.places,
    });
    let facts = Facts { candidates: candidates.collect(), differs_only_in_case: false, zone: &habits.zone };
    let verdict = admission::admit(&facts, attempt, proves, now);
    let (verdict, grant) = match verdict.outcome {
        Outcome::Admit(admit) => take_place(node, nas, attempt, entry, &facts, admit, verdict, now),
        Outcome::Refuse { .. } => (verdict, None),
    };
    conclude(node, &verdict, grant)
}

/// Refuses a name that the database does not know either.
pub(crate) fn refuse_unknown(
    node: &Node,
    attempt: &Attempt<'_>,
    differs_only_in_case: bool,
    now: Timestamp,
) -> Decided {
    let zone = domain::time::Zone::utc();
    let facts = Facts { candidates: SmallVec::new(), differs_only_in_case, zone: &zone };
    let verdict = admission::admit(&facts, attempt, &|_| false, now);
    conclude(node, &verdict, None)
}

/// Takes the place that the verdict found free. Another device may have been quicker; then the verdict is a refusal.
#[expect(clippy::too_many_arguments, reason = "what one login is about, each of another kind")]
fn take_place(
    node: &Node,
    nas: &KnownNas,
    attempt: &Attempt<'_>,
    entry: &NameEntry,
    facts: &Facts<'_>,
    admit: Admit,
    verdict: Verdict,
    now: Timestamp,
) -> (Verdict, Option<Grant>) {
    let (Some((right, _)), Some(candidate)) =
        (entry.meanings.get(admit.candidate), facts.candidates.get(admit.candidate))
    else {
        return (admission::lost_the_race(verdict, admit.holder), None);
    };
    let session: SessionId = node.context().new_id();
    let interim_seconds = leases::interim_seconds(node.settings.interim_seconds, session.bytes()[15]);
    let granted = GrantedSession {
        id: session,
        nas: nas.nas.id,
        user_name: Arc::clone(&entry.shown),
        device: attempt.device.clone(),
        service: attempt.service,
        framed_ip: attempt.framed_ip,
        plan: (candidate.plan.id, candidate.plan.revision),
        interim_seconds,
    };
    let Some(until) = grasp(node, right, granted, candidate, admit, now) else {
        return (admission::lost_the_race(verdict, admit.holder), None);
    };
    (verdict, Some(shaping::grant(candidate, session, until, interim_seconds, now)))
}

/// Takes the place and the first use in one step. `None` when other devices have all places.
fn grasp(
    node: &Node,
    right: &RightEntry,
    granted: GrantedSession,
    candidate: &Candidate<'_>,
    admit: Admit,
    now: Timestamp,
) -> Option<Option<Timestamp>> {
    let lease_until = leases::reserved(now, node.settings.reserve_seconds);
    let mut live = right.live();
    right.note_use(now);
    live.grant(granted, candidate.plan.terms.device_cap, now, lease_until).ok()?;
    let Some(first_use) = admit.first_use else { return Some(admit.until) };
    let (until, is_first) = right.use_first(first_use);
    drop(live);
    if is_first {
        node.first_uses.note(right.tenant, admit.holder, first_use);
    }
    Some(Some(until))
}

fn conclude(node: &Node, verdict: &Verdict, grant: Option<Grant>) -> Decided {
    let trace = TraceCode::from_bits(node.context().bits());
    let outcome = match (grant, &verdict.outcome) {
        (Some(grant), _) => Ok(grant),
        (None, Outcome::Refuse { refusal, .. }) => Err(*refusal),
        (None, Outcome::Admit(_)) => Err(Refusal::AlreadyInUse),
    };
    Decided { outcome, trace }
}
