//! Makes live sessions what they should be: finds what is different, and writes what their routers answered.
//!
//! Asking the routers is somebody else's job; nothing waits for them here. All of it may be done twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::access::facts::{Candidate, FoundBy, Holder, PlacesSeen};
use domain::access::order::{Answer, Answered, Ask, Name, Order, Why};
use domain::access::told::Told;
use domain::id::{NasId, PlanId, SessionId};
use domain::platform::house::HouseRules;
use domain::rate::Bytes;
use domain::sales::plan::Plan;
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::{Span, Timestamp, Zone};
use policy::access::convergence::{self, Live, Verdict};
use policy::access::devices;
use store::access::convergence::{LiveSession, Outcome, live_of, note_answers, note_looked, wake_given_up};
use store::access::hours::{self, UsedLately};
use store::access::known::{self, KnownRight};
use store::access::usage;
use store::network::nas;
use store::platform::tenants;
use store::sales::plans;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// Holders that are looked at in one transaction at most.
pub const HOLDERS_MAX: usize = 500;

/// How long an order may be on its way before its session is looked at again.
const ON_ITS_WAY: Span = Span::seconds(60);

/// How often sessions are looked at that their routers have not reported yet: a router may not know them.
const UNREPORTED: Span = Span::seconds(30);

/// What a look has found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// What is to be asked of routers.
    pub orders: Vec<Order>,
    /// Sessions that are as they should be.
    pub kept: usize,
}

/// Looks at all live sessions of these holders, at most [`HOLDERS_MAX`]: what is to be asked of their routers.
///
/// Each session is looked at again when something may be different; one whose router is asked, when its order should
/// long have been answered.
pub async fn look(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    holders: &[Holder],
    context: Context<'_>,
) -> Result<Looked, StoreError> {
    let holders = holders.get(..HOLDERS_MAX).unwrap_or(holders);
    let mut tx = store.tenant(scope).await?;
    let now = context.now();
    let house = tenants::house(&mut tx).await?;
    let live = live_of(&mut tx, holders).await?;
    let ids: Vec<_> = holders.iter().map(|holder| holder.uuid()).collect();
    let rights: HashMap<Holder, KnownRight> =
        known::by_ids(&mut tx, &ids).await?.found.into_iter().map(|known| (known.right.holder(), known)).collect();
    let plans = Plans::load(&mut tx, &rights, &live).await?;
    let counted: Vec<_> = rights
        .values()
        .filter(|known| plans.current.get(&known.plan).is_some_and(|plan| plan.terms.counts_any()))
        .map(|known| known.right.holder())
        .collect();
    let lately = hours::recent(&mut tx, &counted, zone, now).await?;
    let mut routers: Vec<NasId> = live.iter().map(|session| session.stored.nas).collect();
    routers.sort_unstable();
    routers.dedup();
    let gone = nas::gone(&mut tx, &routers).await?;
    let mut found = Found { lately, gone, looked: Looked::default(), next: Vec::new(), totals: Vec::new() };
    let mut of_holders: HashMap<Holder, Vec<&LiveSession>> = HashMap::new();
    for session in &live {
        if let Some(holder) = session.stored.holder {
            of_holders.entry(holder).or_default().push(session);
        }
    }
    for (holder, sessions) in of_holders {
        let known = rights.get(&holder).and_then(|known| Some((known, plans.current.get(&known.plan)?)));
        match known {
            Some((known, plan)) => found.look_at(&plans, (holder, known, plan), (zone, &house), &sessions, now),
            // A row that cannot be read is told of by whoever reads it for logins.
            None => found.next.extend(sessions.iter().map(|one| looked(one, now.plus(convergence::LOOK_EVERY)))),
        }
    }
    note_looked(&mut tx, &found.next).await?;
    tx.commit().await?;
    // Apart, so that sessions and totals are never locked together.
    let mut tx = store.tenant(scope).await?;
    usage::look_at(&mut tx, &found.totals).await?;
    tx.commit().await?;
    Ok(found.looked)
}

/// The plans that count: as they are now, and as routers were told.
struct Plans {
    current: HashMap<PlanId, Plan>,
    told: HashMap<(PlanId, u32), Plan>,
}

impl Plans {
    async fn load(
        tx: &mut TenantTx,
        rights: &HashMap<Holder, KnownRight>,
        live: &[LiveSession],
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<PlanId> = rights.values().map(|known| known.plan).collect();
        ids.sort_unstable();
        ids.dedup();
        let loaded = plans::load(tx, Some(&ids)).await?;
        let current: HashMap<_, _> = loaded.found.into_iter().map(|plan| (plan.id, plan)).collect();
        let mut told: HashMap<(PlanId, u32), Plan> = HashMap::new();
        for Told { plan, revision, .. } in live.iter().filter_map(|session| session.stored.told) {
            let is_current = current.get(&plan).is_some_and(|current| current.revision == revision);
            if !is_current
                && !told.contains_key(&(plan, revision))
                && let Some(then) = plans::at_revision(tx, plan, revision).await?
            {
                told.insert((plan, revision), then);
            }
        }
        Ok(Self { current, told })
    }

    fn of(&self, told: &Told) -> Option<&Plan> {
        let current = self.current.get(&told.plan).filter(|plan| plan.revision == told.revision);
        current.or_else(|| self.told.get(&(told.plan, told.revision)))
    }
}

/// A session, when it was to be looked at, and when it is to be looked at next.
const fn looked(live: &LiveSession, next: Timestamp) -> (SessionId, Option<Timestamp>, Timestamp) {
    (live.stored.id, live.look_at, next)
}

struct Found {
    /// What was used lately, of those whose plan counts it.
    lately: HashMap<Holder, UsedLately>,
    /// Routers that are not trusted any more, and since when.
    gone: HashMap<NasId, Timestamp>,
    looked: Looked,
    next: Vec<(SessionId, Option<Timestamp>, Timestamp)>,
    totals: Vec<(Holder, Option<u64>)>,
}

impl Found {
    fn look_at(
        &mut self,
        plans: &Plans,
        (holder, known, plan): (Holder, &KnownRight, &Plan),
        settled: (&Zone, &HouseRules),
        sessions: &[&LiveSession],
        now: Timestamp,
    ) {
        let used = UsedLately { total: known.used_in.saturating_add(known.used_out), ..UsedLately::default() };
        let used = self.lately.get(&holder).copied().unwrap_or(used);
        let candidate = Candidate {
            right: &known.right,
            found_by: match holder {
                Holder::Voucher(_) => FoundBy::Code,
                Holder::Subscriber(_) => FoundBy::Username,
            },
            plan,
            used: Bytes::new(used.total),
            recent: used.recent,
            places: PlacesSeen::default(),
        };
        let live: Vec<Live<'_>> = sessions.iter().map(|session| self.of_policy(session, known, plans)).collect();
        let seen = convergence::converge(&candidate, &known.places, settled, &live, now);
        for (session, verdict) in sessions.iter().zip(seen.verdicts) {
            match verdict {
                Verdict::Keep => {
                    self.looked.kept += 1;
                    self.next.push(looked(session, seen.look_at));
                }
                // Its router may not know it yet. One that is gone will never speak of it.
                Verdict::Ask(ask)
                    if session.stored.acct_session_id.is_none() && ask != Ask::Disconnect(Why::RouterGone) =>
                {
                    self.next.push(looked(session, now.plus(UNREPORTED)));
                }
                Verdict::Ask(ask) => {
                    self.next.push(looked(session, now.plus(ON_ITS_WAY)));
                    let ask = convergence::escalate(ask, session.has_refused);
                    self.looked.orders.push(order(session, holder, ask, now));
                }
            }
        }
        self.totals.push((holder, seen.look_at_octets));
    }

    fn of_policy<'a>(&self, live: &'a LiveSession, known: &KnownRight, plans: &'a Plans) -> Live<'a> {
        let stored = &live.stored;
        Live {
            session: stored.id,
            device: &stored.device,
            told: stored.told.and_then(|told| Some((told, &plans.of(&told)?.terms))),
            started_at: stored.session.started_at,
            last_heard_at: stored.session.last_heard_at,
            cut_at: live.cut_at,
            interim_seconds: stored.interim_seconds.unwrap_or(INTERIM_SECONDS),
            must_end: devices::must_end(&known.marks, &stored.device, stored.session.started_at),
            router_gone_at: self.gone.get(&stored.nas).copied(),
        }
    }
}

/// The interval of sessions of which it is not known.
const INTERIM_SECONDS: u32 = 300;

fn order(live: &LiveSession, holder: Holder, ask: Ask, now: Timestamp) -> Order {
    let stored = &live.stored;
    Order {
        session: stored.id,
        holder,
        nas: stored.nas,
        from: stored.from,
        name: Name {
            user_name: stored.user_name.clone(),
            acct_session_id: stored.acct_session_id.clone(),
            framed_ip: stored.framed_ip,
            device: stored.device.clone(),
            service: stored.service,
        },
        online_seconds: stored.session.started_at.whole_seconds_until(now),
        moved: Bytes::new(stored.session.counted.octets()),
        interim_seconds: stored.interim_seconds.unwrap_or(INTERIM_SECONDS),
        ask,
        tries: live.tries,
        was_cut: live.cut_at.is_some(),
    }
}

/// Writes what routers of one tenant have answered: what they were told, when to look again, and what staff must see.
pub async fn note(
    store: &Store,
    scope: &TenantScope,
    answered: &[Answered],
    context: Context<'_>,
) -> Result<(), StoreError> {
    let (mut outcomes, mut well, mut heard) = (Vec::new(), Vec::new(), BTreeSet::new());
    // One for each session that does not follow, and one for all sessions of a router that is silent.
    let mut met: BTreeMap<(ExceptionKind, String), Exception> = BTreeMap::new();
    for Answered { order, answer, at } in answered {
        let after = convergence::after(&order.ask, answer, (order.tries, order.was_cut), order.interim_seconds, *at);
        let told = match (&order.ask, answer) {
            (Ask::Change(change), Answer::Done) => Some(change.told),
            _ => None,
        };
        let cut = match &order.ask {
            Ask::Disconnect(why) if after.is_cut => Some((*at, *why)),
            Ask::Disconnect(_) | Ask::Change(_) => None,
        };
        outcomes.push(Outcome {
            session: order.session,
            told,
            look_at: after.look_at,
            tries: after.tries,
            has_refused: matches!((&order.ask, answer), (Ask::Change(_), Answer::Refused(_))),
            asked: order.ask.to_string().chars().take(500).collect(),
            answer: answer.to_string().chars().take(200).collect(),
            at: *at,
            cut,
        });
        if after.is_trouble {
            let trouble = trouble(order, answer, *at, context);
            met.insert((trouble.kind, trouble.about.clone()), trouble);
        } else if after.tries == 0 {
            well.push(order.session.to_string());
        }
        if !matches!(answer, Answer::Silence | Answer::NotAsked | Answer::Unreachable(_)) {
            met.remove(&(ExceptionKind::RouterSilent, order.nas.to_string()));
            heard.insert(order.nas);
        }
    }
    let mut tx = store.tenant(scope).await?;
    note_answers(&mut tx, &outcomes).await?;
    exceptions::open(&mut tx, &met.into_values().collect::<Vec<_>>()).await?;
    let now = context.now();
    exceptions::resolve(&mut tx, ExceptionKind::SessionNotFollowing, &well, now, "the router has done it").await?;
    let heard: Vec<NasId> = heard.into_iter().collect();
    wake_given_up(&mut tx, &heard, &Answer::Silence.to_string(), now).await?;
    let heard: Vec<String> = heard.iter().map(ToString::to_string).collect();
    exceptions::resolve(&mut tx, ExceptionKind::RouterSilent, &heard, now, "the router answers").await?;
    tx.commit().await
}

fn trouble(order: &Order, answer: &Answer, at: Timestamp, context: Context<'_>) -> Exception {
    let wanted = match &order.ask {
        Ask::Change(_) => "should have new terms".to_owned(),
        Ask::Disconnect(why) => format!("should have ended ({why})"),
    };
    let (kind, about, what) = match answer {
        _ if order.ask == Ask::Disconnect(Why::RouterGone) => (
            ExceptionKind::RouterGone,
            order.nas.to_string(),
            format!(
                "sessions on this router, as that of {}, have ended here, for it was taken out of use or its certificate \
                 was taken back; the router did not end them: {answer}. People may go on surfing there: switch it off, or \
                 end them on the router itself, then `mnetifi exception resolve`",
                order.name.user_name
            ),
        ),
        Answer::Silence | Answer::NotAsked | Answer::Unreachable(_) => (
            ExceptionKind::RouterSilent,
            order.nas.to_string(),
            format!(
                "live sessions of this router do not follow what changes, as that of {}, which {wanted}: {answer}; \
                 is it on, does `/radius incoming` accept on the port that we know, and do we ask from an address \
                 that its `/radius` names?",
                order.name.user_name
            ),
        ),
        Answer::Done | Answer::NoSuchSession | Answer::Refused(_) => (
            ExceptionKind::SessionNotFollowing,
            order.session.to_string(),
            format!("the session of {} {wanted}: {answer}", order.name.user_name),
        ),
    };
    let is_about_one = kind == ExceptionKind::SessionNotFollowing;
    Exception {
        id: context.new_id(),
        kind,
        about,
        nas: Some(order.nas),
        session: is_about_one.then_some(order.session),
        holder: is_about_one.then_some(order.holder),
        what: what.chars().take(500).collect(),
        opened_at: at,
        seen_at: at,
        times: 1,
        resolved: None,
    }
}
