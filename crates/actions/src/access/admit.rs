//! Answers "may it come online?": facts, rules and a place in one transaction, and the record of it.
//!
//! Nothing is answered that is not written: an accept holds its place, and every answer is told to whoever records.

use std::cell::Cell;

use domain::access::attempt::Attempt;
use domain::access::decision::{AnsweredFrom, DecisionRecord, Proved, TraceCode};
use domain::access::facts::Facts;
use domain::access::grant::Grant;
use domain::id::SessionId;
use domain::network::nas::Nas;
use domain::refusal::Refusal;
use domain::sales::plan::WhenFull;
use domain::sales::voucher::FirstUse;
use domain::text;
use domain::time::Timestamp;
use policy::access::admission::{self, Admit, Outcome, Verdict};
use policy::access::{credentials, leases, restricted, shaping};
use store::access::{facts, sessions, slots};
use store::sales::vouchers;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// Most octets of a User-Name that a session keeps.
const USER_NAME_KEPT: usize = 128;

/// One question, from a router that is known.
pub struct Asked<'a> {
    /// The router.
    pub nas: &'a Nas,
    /// The request in our words.
    pub attempt: &'a Attempt<'a>,
    /// Whether the request's proof was made with a password.
    pub proves: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    /// Whether the password came out as garbage: a wrong shared secret, to which nothing is answered.
    pub garbled: bool,
    /// How long an accepted device keeps its place before the router has reported it.
    pub reserve_seconds: u32,
    /// The interval of interim updates, before it is spread.
    pub interim_seconds: u32,
    /// Takes the record of the answer, once all else is written. What it does not know yet is how long it took.
    pub record: &'a (dyn Fn(DecisionRecord<'_>) + Send + Sync),
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("nas", &self.nas.id).finish_non_exhaustive()
    }
}

/// The answer, written down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It may come online, on these terms.
    Granted {
        /// The terms.
        grant: Box<Grant>,
        /// The code of its decision record.
        trace: TraceCode,
    },
    /// It may not.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The code of its decision record.
        trace: TraceCode,
    },
    /// The router has another shared secret: no answer, and no record that would blame a person.
    WrongSecret,
}

/// Decides one request, writes what came of it, and lets the decision be recorded.
///
/// Writes a session, a place in the device cap and a voucher's first use, or nothing.
/// An error means that nothing was written and nothing may be answered.
pub async fn admit(
    store: &Store,
    scope: &TenantScope,
    asked: &Asked<'_>,
    context: Context<'_>,
) -> Result<Answer, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let known = facts::load(&mut tx, asked.attempt.user_name, context.now()).await?;
    let now = context.now();
    let facts = known.facts(&asked.attempt.device, now);
    let (verdict, proved) = decide(&facts, asked, now);
    let Taken { verdict, grant, first_use } = match verdict.outcome {
        Outcome::Admit(admit) => {
            let taken = take_place(&mut tx, &facts, admit, verdict, asked, (context, now)).await?;
            tx.commit().await?;
            taken
        }
        Outcome::Refuse { .. } if asked.garbled => return Ok(Answer::WrongSecret),
        Outcome::Refuse { .. } => Taken { verdict, grant: None, first_use: None },
    };
    let (refusal, holder) = match (&grant, &verdict.outcome) {
        (Some(grant), _) => (None, Some(grant.holder)),
        (None, Outcome::Refuse { refusal, holder }) => (Some(*refusal), *holder),
        (None, Outcome::Admit(admit)) => (Some(Refusal::AlreadyInUse), Some(admit.holder)),
    };
    let trace = TraceCode::from_bits(context.bits());
    (asked.record)(DecisionRecord {
        id: context.new_id(),
        trace,
        tenant: asked.nas.tenant,
        at: now,
        nas: asked.nas.id,
        attempt: asked.attempt,
        candidates: &facts.candidates,
        differs_only_in_case: facts.differs_only_in_case,
        proved,
        restriction: restricted::asked_for(&verdict, facts.house),
        answered_from: AnsweredFrom::Database,
        policy_version: policy::VERSION,
        trail: verdict.trail.steps(),
        holder,
        refusal,
        granted: grant.as_ref(),
        first_use,
        took_micros: 0,
    });
    Ok(match (grant, refusal) {
        (Some(grant), _) => Answer::Granted { grant: Box::new(grant), trace },
        (None, refusal) => Answer::Refused { refusal: refusal.unwrap_or(Refusal::AlreadyInUse), trace },
    })
}

/// The verdict, and which passwords it found the request to be made with.
fn decide(facts: &Facts<'_>, asked: &Asked<'_>, now: Timestamp) -> (Verdict, Proved) {
    let proved = Cell::new(Proved::default());
    let proves = |password: &[u8]| {
        let proves = (asked.proves)(password);
        if proves {
            proved.set(credentials::proved_with(&facts.candidates, asked.attempt.user_name, password));
        }
        proves
    };
    (admission::admit(facts, asked.attempt, &proves, now), proved.into_inner())
}

/// What came of a verdict once its place was asked for.
struct Taken {
    verdict: Verdict,
    grant: Option<Grant>,
    first_use: Option<FirstUse>,
}

/// Takes the place that the verdict found free. Another device may have been quicker; then the verdict is a refusal.
async fn take_place(
    tx: &mut TenantTx,
    facts: &Facts<'_>,
    admit: Admit,
    verdict: Verdict,
    asked: &Asked<'_>,
    (context, now): (Context<'_>, Timestamp),
) -> Result<Taken, StoreError> {
    let full =
        |verdict| Taken { verdict: admission::lost_the_race(verdict, admit.holder), grant: None, first_use: None };
    let Some(candidate) = facts.candidates.get(admit.candidate) else { return Ok(full(verdict)) };
    let session: SessionId = context.new_id();
    let lease_until = leases::reserved(now, asked.reserve_seconds);
    let cap = candidate.plan.terms.device_cap;
    let device = &asked.attempt.device;
    let mut taken = slots::take(tx, admit.holder, device, cap, session, now, lease_until).await?;
    if taken == slots::Taken::Full && admission::when_full(candidate) == WhenFull::NewestWins {
        taken = slots::take_from_oldest(tx, admit.holder, device, session, now, lease_until).await?;
    }
    if taken == slots::Taken::Full {
        return Ok(full(verdict));
    }
    let until = match (admit.first_use, admit.holder) {
        (Some(first_use), domain::access::facts::Holder::Voucher(voucher)) => {
            Some(vouchers::note_first_use(tx, voucher, first_use).await?)
        }
        (Some(_) | None, _) => admit.until,
    };
    let spread = session.bytes()[15];
    let interim_seconds = leases::interim_seconds(asked.interim_seconds, spread);
    let restriction = restricted::of(&admit, facts.house);
    let grant = match restriction {
        Some(terms) => restricted::grant(candidate, terms, session, interim_seconds),
        None => shaping::grant(candidate, facts.zone, session, until, interim_seconds, now),
    };
    sessions::insert_granted(
        tx,
        &sessions::NewSession {
            id: session,
            nas: asked.nas.id,
            holder: Some(admit.holder),
            user_name: shown(asked.attempt.user_name),
            device: device.clone(),
            service: asked.attempt.service,
            framed_ip: asked.attempt.framed_ip,
            told: Some(match restriction {
                Some(terms) => restricted::told(candidate, terms),
                None => shaping::told(candidate, facts.zone, until, now),
            }),
            interim_seconds: grant.interim_seconds,
            started_at: now,
            lease_until,
        },
    )
    .await?;
    let first_use = admit.first_use.zip(until).map(|(first, until)| FirstUse { until, ..first });
    Ok(Taken { verdict, grant: Some(grant), first_use })
}

/// A stranger's User-Name as records may hold it.
pub fn shown(user_name: &[u8]) -> String {
    let mut name = text::escaped(user_name);
    let mut end = name.len().min(USER_NAME_KEPT);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}
