//! Asks the rules again what they were asked before: with what they were given then, or with what is known today.
//!
//! A record holds no password, so a replay knows only with which of them the request was made. Never writes anything.

use domain::access::attempt::Attempt;
use domain::access::decision::{Decision, Proved, RightSeen, TraceCode};
use domain::access::facts::{Known, KnownCandidate, Right};
use domain::access::grant::Grant;
use domain::access::slot::SlotFact;
use domain::access::trail::{Finding, Rule, Step};
use domain::id::{Id, PlanId};
use domain::platform::house::{HouseRules, Unpaid};
use domain::platform::tenant::Tenant;
use domain::refusal::Refusal;
use domain::sales::plan::Plan;
use domain::secret::SecretBytes;
use domain::time::{Span, Timestamp};
use policy::access::admission::{self, Outcome, Verdict};
use policy::access::{restricted, shaping};
use policy::versions;
use store::access::decisions::Search;
use store::access::facts;
use store::sales::plans;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::access::explain;

/// Longer than any User-Name that is kept, so that a stand-in for a password is never one.
const STAND_IN: usize = 255;

/// Which facts the rules are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactsOf {
    /// Those of the record, at its moment.
    Then,
    /// Those of the same name and device now.
    Today(Timestamp),
}

/// A decision and what the rules say when they are asked again.
#[derive(Debug)]
pub struct Replay {
    /// The ISP.
    pub tenant: Tenant,
    /// What was decided.
    pub decision: Decision,
    /// The rules that were asked now.
    pub version: u16,
    /// Which facts they were given.
    pub facts: FactsOf,
    /// The rules that were asked now, in order.
    pub trail: Vec<Step>,
    /// The terms, or why not.
    pub outcome: Result<Grant, Refusal>,
}

/// Why a decision cannot be asked again.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// No such record, or it is another ISP's.
    #[error("there is no answer with the code `{0}` here: it may be older than records are kept, or another tenant's")]
    Unknown(TraceCode),
    /// The rules of that version are not in this program.
    #[error("the rules of version {version} are not kept: there are {}", kept())]
    NoSuchRules {
        /// What was asked for.
        version: u16,
    },
    /// The plan that the record speaks of is not there any more.
    #[error("revision {revision} of plan {plan}, which the rules were given, is not there any more")]
    NoSuchPlan {
        /// The plan.
        plan: PlanId,
        /// Its revision.
        revision: u32,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn kept() -> String {
    versions::KEPT.iter().map(|(version, _)| version.to_string()).collect::<Vec<_>>().join(", ")
}

/// Asks the rules of a version (of today, if none is named) about the newest decision with a trace code.
pub async fn replay(
    store: &Store,
    tenants: &[Tenant],
    trace: TraceCode,
    version: Option<u16>,
    facts: FactsOf,
) -> Result<Replay, ReplayError> {
    let version = version.unwrap_or(policy::VERSION);
    let admit = versions::of(version).ok_or(ReplayError::NoSuchRules { version })?;
    let search = Search { trace: Some(trace), ..Search::default() };
    let found = explain::newest(store, tenants, &search).await?;
    let (tenant, decision) = found.ok_or(ReplayError::Unknown(trace))?;
    let mut tx = store.tenant(&TenantScope::of_operator(tenant.id)).await?;
    let (known, now) = match facts {
        FactsOf::Then => (as_then(&mut tx, tenant, &decision).await?, decision.at),
        FactsOf::Today(now) => (facts::load(&mut tx, &decision.user_name, now).await?, now),
    };
    let (trail, outcome) = ask(&known, &decision, admit, now);
    Ok(Replay { tenant: tenant.clone(), decision, version, facts, trail, outcome })
}

fn ask(
    known: &Known,
    decision: &Decision,
    admit: versions::Admit,
    now: Timestamp,
) -> (Vec<Step>, Result<Grant, Refusal>) {
    let attempt = Attempt {
        user_name: &decision.user_name,
        device: decision.device.clone(),
        service: decision.service,
        method: decision.method,
        framed_ip: decision.framed_ip,
        called_station: None,
        nas_port_id: None,
        nas_identifier: None,
    };
    let facts = known.facts(&decision.device, now);
    let proves = |password: &[u8]| proves(known, decision, password);
    let mut verdict = admit(&facts, &attempt, &proves, now);
    if let Outcome::Admit(admit) = &verdict.outcome
        && lost_its_place(decision)
    {
        let holder = admit.holder;
        verdict = admission::lost_the_race(verdict, holder);
    }
    let Verdict { outcome, trail } = verdict;
    let outcome = match outcome {
        Outcome::Refuse { refusal, .. } => Err(refusal),
        Outcome::Admit(admit) => match facts.candidates.get(admit.candidate) {
            None => Err(Refusal::Unknown),
            Some(candidate) => {
                let then = decision.granted.as_ref();
                let session = then.map_or(Id::from_bytes([0; 16]), |grant| grant.session);
                let interim_seconds = then.map_or(0, |grant| grant.interim_seconds);
                Ok(match restricted::of(&admit, facts.house) {
                    Some(terms) => restricted::grant(candidate, terms, session, interim_seconds),
                    None => shaping::grant(candidate, facts.zone, session, admit.until, interim_seconds, now),
                })
            }
        },
    };
    (trail.steps().to_vec(), outcome)
}

/// Whether another device was quicker then, which no fact tells.
fn lost_its_place(decision: &Decision) -> bool {
    decision.trail.last().is_some_and(|last| last.rule == Rule::SlotTaken && last.finding == Finding::Refused)
}

/// Whether the request was made with a password, as far as the record knows.
fn proves(known: &Known, decision: &Decision, password: &[u8]) -> bool {
    let Proved { empty, user_name, secrets } = decision.inputs.proved;
    if password.is_empty() {
        return empty;
    }
    let secret = |candidate: &&KnownCandidate| {
        let (Right::Voucher { code: secret, .. } | Right::Subscriber { password: secret, .. }) = &candidate.right;
        secret.expose() == password
    };
    let was_shown = |candidate: &KnownCandidate| {
        let holder = candidate.right.holder();
        let place = decision.inputs.candidates.iter().position(|seen| seen.right.holder() == holder);
        place.is_some_and(|place| place < 32 && secrets & (1 << place) != 0)
    };
    (user_name && password == decision.user_name) || known.candidates.iter().filter(secret).any(was_shown)
}

/// What the rules were given, with stand-ins for passwords.
async fn as_then(tx: &mut TenantTx, tenant: &Tenant, decision: &Decision) -> Result<Known, ReplayError> {
    let mut candidates = Vec::new();
    for (place, seen) in (0..).zip(&decision.inputs.candidates) {
        let plan = plans::at_revision(tx, seen.plan, seen.revision).await?;
        let plan: Plan = plan.ok_or(ReplayError::NoSuchPlan { plan: seen.plan, revision: seen.revision })?;
        let stand_in = SecretBytes::new([vec![place], vec![0xff; STAND_IN]].concat());
        let right = match seen.right {
            RightSeen::Voucher { id, state } => Right::Voucher { id, state, code: stand_in },
            RightSeen::Subscriber { id, standing, until, framed_ip } => {
                Right::Subscriber { id, standing, until, password: stand_in, framed_ip }
            }
        };
        let slots = slots(decision, seen.places.own, seen.places.others);
        let blocked = if seen.places.is_blocked { vec![decision.device.clone()] } else { Vec::new() };
        candidates.push(KnownCandidate {
            right,
            found_by: seen.found_by,
            plan,
            used: seen.used,
            recent: seen.recent,
            slots,
            blocked,
        });
    }
    let differs_only_in_case = decision.inputs.differs_only_in_case;
    let unpaid = decision.inputs.restriction.clone().map_or(Unpaid::Reject, Unpaid::Restrict);
    let house = HouseRules { unpaid, ..HouseRules::default() };
    Ok(Known { candidates, differs_only_in_case, zone: tenant.zone.clone(), house })
}

/// Places that look to the device as they did.
fn slots(decision: &Decision, own: Option<bool>, others: u16) -> Vec<SlotFact> {
    use domain::access::attempt::Device;
    let (held, over) = (decision.at.plus(Span::seconds(1)), decision.at.minus(Span::seconds(1)));
    let stranger = |number: u16| Device::Caller(format!("another device {number}"));
    let own = own.map(|is_held| SlotFact {
        number: 1,
        device: decision.device.clone(),
        lease_until: if is_held { held } else { over },
    });
    let others = (0..others).map(|number| SlotFact { number, device: stranger(number), lease_until: held });
    own.into_iter().chain(others).collect()
}

impl Replay {
    /// Whether the same was found.
    pub fn is_same(&self) -> bool {
        let then = self.decision.refusal.map_or_else(|| self.decision.granted.clone().ok_or(Refusal::Unknown), Err);
        self.outcome == then
    }

    /// What it comes to, a line each. `told` says what a router is told, in its own words.
    pub fn lines(&self, told: &dyn Fn(&Grant) -> String) -> Vec<String> {
        let (decision, zone) = (&self.decision, &self.tenant.zone);
        let given = match self.facts {
            FactsOf::Then => "what was known then".to_owned(),
            FactsOf::Today(now) => format!("what is known at {}", now.in_zone(zone)),
        };
        let then = (decision.refusal, decision.granted.as_ref());
        let now = (self.outcome.as_ref().err().copied(), self.outcome.as_ref().ok());
        let mut lines = vec![
            format!("REPLAY  trace {}  {} ({})", decision.trace, decision.at.in_zone(zone), zone.name()),
            format!("  who:    `{}` of tenant `{}`", decision.who(), self.tenant.slug),
            format!("  then:   {} (rules version {})", in_words(then, told), decision.policy_version),
            format!("  now:    {} (rules version {}, with {given})", in_words(now, told), self.version),
            "  rules, in the order in which they were asked:".to_owned(),
        ];
        let steps = decision.trail.len().max(self.trail.len());
        for place in 0..steps {
            let words = |trail: &[Step]| trail.get(place).map(|step| step.in_words(zone));
            match (words(&decision.trail), words(&self.trail)) {
                (Some(then), Some(now)) if then == now => lines.push(format!("      {then}")),
                (then, now) => {
                    lines.extend(then.map(|then| format!("    - {then}")));
                    lines.extend(now.map(|now| format!("    + {now}")));
                }
            }
        }
        lines.push(if self.is_same() { "  THE SAME".to_owned() } else { "  IT DIFFERS".to_owned() });
        lines
    }
}

fn in_words((refusal, granted): (Option<Refusal>, Option<&Grant>), told: &dyn Fn(&Grant) -> String) -> String {
    match (refusal, granted) {
        (Some(refusal), _) => format!("REFUSED: {}", refusal.sentence()),
        (None, Some(grant)) => format!("ACCEPTED: {}", told(grant)),
        (None, None) => "ACCEPTED".to_owned(),
    }
}
