//! Answers "may it come online?": facts, rules, a place, and the record of it, in one transaction.
//!
//! Nothing is answered that is not written: an accept holds its place, and every answer has its decision record.

use domain::access::attempt::Attempt;
use domain::access::decision::{Decision, TraceCode};
use domain::access::facts::Facts;
use domain::access::grant::Grant;
use domain::id::SessionId;
use domain::network::nas::Nas;
use domain::refusal::Refusal;
use domain::text;
use domain::time::Timestamp;
use policy::access::admission::{self, Admit, Outcome, Verdict};
use policy::access::{leases, shaping};
use store::access::slots::Taken;
use store::access::{decisions, facts, sessions, slots};
use store::sales::vouchers;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// Most octets of a User-Name that a decision keeps.
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
    /// Turns a grant into what the router will be told, in words, for the record.
    pub describe: &'a (dyn Fn(&Grant) -> String + Send + Sync),
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

/// Decides one request and writes the decision.
///
/// Writes a session, a place in the device cap, a voucher's first use and the decision record, or only the record.
/// An error means that nothing was written and nothing may be answered.
pub async fn admit(
    store: &Store,
    scope: &TenantScope,
    asked: &Asked<'_>,
    context: Context<'_>,
) -> Result<Answer, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let known = facts::load(&mut tx, asked.attempt.user_name).await?;
    let now = context.now();
    let facts = known.facts(&asked.attempt.device, now);
    let verdict = admission::admit(&facts, asked.attempt, asked.proves, now);
    let (verdict, grant) = match verdict.outcome {
        Outcome::Admit(admit) => take_place(&mut tx, &facts, admit, verdict, asked, (context, now)).await?,
        Outcome::Refuse { .. } if asked.garbled => return Ok(Answer::WrongSecret),
        Outcome::Refuse { .. } => (verdict, None),
    };
    let decision = decision(&verdict, &facts, grant.as_ref(), asked, (context, now));
    decisions::insert(&mut tx, &decision).await?;
    if grant.is_none() {
        // A refusal changes nothing that must survive a power cut.
        tx.relaxed_durability().await?;
    }
    tx.commit().await?;
    Ok(match (grant, verdict.outcome) {
        (Some(grant), _) => Answer::Granted { grant: Box::new(grant), trace: decision.trace },
        (None, Outcome::Refuse { refusal, .. }) => Answer::Refused { refusal, trace: decision.trace },
        (None, Outcome::Admit(_)) => Answer::Refused { refusal: Refusal::AlreadyInUse, trace: decision.trace },
    })
}

/// Takes the place that the verdict found free. Another device may have been quicker; then the verdict is a refusal.
async fn take_place(
    tx: &mut TenantTx,
    facts: &Facts<'_>,
    admit: Admit,
    verdict: Verdict,
    asked: &Asked<'_>,
    (context, now): (Context<'_>, Timestamp),
) -> Result<(Verdict, Option<Grant>), StoreError> {
    let Some(candidate) = facts.candidates.get(admit.candidate) else {
        return Ok((admission::lost_the_race(verdict, admit.holder), None));
    };
    let session: SessionId = context.new_id();
    let lease_until = leases::reserved(now, asked.reserve_seconds);
    let cap = candidate.plan.terms.device_cap;
    let device = &asked.attempt.device;
    match slots::take(tx, admit.holder, device, cap, session, now, lease_until).await? {
        Taken::Full => return Ok((admission::lost_the_race(verdict, admit.holder), None)),
        Taken::Place(_) => {}
    }
    let until = match (admit.first_use, admit.holder) {
        (Some(first_use), domain::access::facts::Holder::Voucher(voucher)) => {
            Some(vouchers::note_first_use(tx, voucher, first_use).await?)
        }
        (Some(_) | None, _) => admit.until,
    };
    let spread = session.bytes()[15];
    let grant = shaping::grant(candidate, session, until, leases::interim_seconds(asked.interim_seconds, spread), now);
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
            plan: Some((candidate.plan.id, candidate.plan.revision)),
            interim_seconds: grant.interim_seconds,
            started_at: now,
            lease_until,
        },
    )
    .await?;
    Ok((verdict, Some(grant)))
}

fn decision(
    verdict: &Verdict,
    facts: &Facts<'_>,
    grant: Option<&Grant>,
    asked: &Asked<'_>,
    (context, now): (Context<'_>, Timestamp),
) -> Decision {
    let (refusal, holder) = match verdict.outcome {
        Outcome::Admit(admit) => (None, facts.candidates.get(admit.candidate).map(|c| c.right.holder())),
        Outcome::Refuse { refusal, holder } => (Some(refusal), holder),
    };
    Decision {
        id: context.new_id(),
        trace: TraceCode::from_bits(context.bits()),
        tenant: asked.nas.tenant,
        at: now,
        nas: asked.nas.id,
        user_name: shown(asked.attempt.user_name),
        device: asked.attempt.device.key(),
        service: asked.attempt.service.code().to_owned(),
        method: asked.attempt.method.code().to_owned(),
        holder,
        session: grant.map(|grant| grant.session),
        refusal,
        trail: verdict.trail.steps().iter().map(ToString::to_string).collect(),
        policy_version: policy::VERSION,
        granted: grant.map(asked.describe).unwrap_or_default(),
    }
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
