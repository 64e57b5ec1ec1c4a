//! Tells in plain words why somebody was accepted or refused: the story of a trace code, or of a user's last request.

use domain::access::decision::{Decision, TraceCode};
use domain::access::session::{EndCause, SessionState};
use domain::platform::tenant::Tenant;
use domain::rate::Bytes;
use domain::time::{Timestamp, Zone};
use policy::trail;
use store::access::decisions;
use store::access::sessions::{self, StoredSession};
use store::network::nas;
use store::{Store, StoreError, TenantScope};

/// A decision with what belongs to it.
#[derive(Debug)]
pub struct Story {
    /// The ISP.
    pub tenant: Tenant,
    /// The router's name; `None` when it is not registered any more.
    pub nas: Option<String>,
    /// The decision.
    pub decision: Decision,
    /// What became of the session that was granted.
    pub session: Option<StoredSession>,
}

/// Finds the newest decision of a trace code or, failing that, of a user name, among these tenants.
///
/// `None` when there is none: the router may not have asked, or was not known (see the drops in the metrics).
pub async fn explain(store: &Store, tenants: &[Tenant], asked: &str) -> Result<Option<Story>, StoreError> {
    let trace = asked.parse::<TraceCode>().ok();
    let mut newest: Option<Story> = None;
    for by_trace in [true, false] {
        for tenant in tenants {
            let found = match (by_trace, trace) {
                (true, Some(trace)) => find(store, tenant, &Query::Trace(trace)).await?,
                (true, None) => None,
                (false, _) => find(store, tenant, &Query::User(asked)).await?,
            };
            if let Some(story) = found
                && newest.as_ref().is_none_or(|newest| story.decision.at > newest.decision.at)
            {
                newest = Some(story);
            }
        }
        if newest.is_some() {
            break;
        }
    }
    Ok(newest)
}

enum Query<'a> {
    Trace(TraceCode),
    User(&'a str),
}

async fn find(store: &Store, tenant: &Tenant, query: &Query<'_>) -> Result<Option<Story>, StoreError> {
    let mut tx = store.tenant(&TenantScope::of_operator(tenant.id)).await?;
    let decision = match query {
        Query::Trace(trace) => decisions::latest_by_trace(&mut tx, *trace).await?,
        Query::User(name) => decisions::latest_by_user(&mut tx, name).await?,
    };
    let Some(decision) = decision else { return Ok(None) };
    let nas = nas::find(&mut tx, decision.nas).await?.map(|nas| nas.name.to_string());
    let session = match decision.session {
        Some(id) => sessions::find(&mut tx, id).await?,
        None => None,
    };
    Ok(Some(Story { tenant: tenant.clone(), nas, decision, session }))
}

impl Story {
    /// The story, a line each.
    pub fn lines(&self) -> Vec<String> {
        let decision = &self.decision;
        let zone = &self.tenant.zone;
        let verdict = if decision.refusal.is_some() { "REFUSED" } else { "ACCEPTED" };
        let nas = self.nas.as_deref().unwrap_or("a router that is not registered any more");
        let mut lines = vec![
            format!("{verdict}  trace {}  {} ({})", decision.trace, decision.at.in_zone(zone), zone.name()),
            format!("  who:    `{}`{}", decision.user_name, self.whose()),
            format!("  device: {}", if decision.device == "-" { "not said by the router" } else { &decision.device }),
            format!("  router: `{nas}` of tenant `{}`, line: {}", self.tenant.slug, decision.service),
            format!("  rules (version {}), in the order in which they were asked:", decision.policy_version),
        ];
        lines.extend(decision.trail.iter().map(|step| format!("    - {}", in_zone(&trail::in_words(step), zone))));
        match decision.refusal {
            Some(refusal) => lines.push(format!("  so the person was told: \"{}\"", refusal.sentence())),
            None => lines.push(format!("  so the router was told: {}", decision.granted)),
        }
        lines.extend(self.session.as_ref().map(|stored| format!("  since then: {}", self.became(stored))));
        lines
    }

    fn whose(&self) -> String {
        self.decision.holder.map(|holder| format!(" ({} {})", holder.kind(), holder.uuid())).unwrap_or_default()
    }

    fn became(&self, stored: &StoredSession) -> String {
        let zone = &self.tenant.zone;
        let counted = stored.session.counted;
        let moved = format!("{} up, {} down", Bytes::new(counted.in_octets), Bytes::new(counted.out_octets));
        match (stored.session.state, stored.session.ended_at) {
            (SessionState::Granted, _) => "the router has not reported the session yet".to_owned(),
            (SessionState::Open, _) => {
                format!("online, last heard of at {}, {moved}", stored.session.last_heard_at.in_zone(zone))
            }
            (SessionState::Closed(cause), ended) => {
                let ended = ended.unwrap_or(stored.session.last_heard_at).in_zone(zone);
                format!("ended at {ended} ({}), {moved}", end_in_words(cause))
            }
        }
    }
}

/// A sentence that ends with an instant, with that instant on the tenant's wall clock.
fn in_zone(sentence: &str, zone: &Zone) -> String {
    let (rest, last) = sentence.rsplit_once(' ').unwrap_or(("", sentence));
    match last.parse::<Timestamp>() {
        Ok(instant) => format!("{rest} {}", instant.in_zone(zone)),
        Err(_) => sentence.to_owned(),
    }
}

/// Why a session ended, for a person (RFC 2866 §5.10).
pub fn end_in_words(cause: EndCause) -> String {
    match cause {
        EndCause::NasRestarted => "the router restarted".to_owned(),
        EndCause::LeaseEnded => "nothing was heard of it any more".to_owned(),
        EndCause::Reported(number) => match number {
            0 => "the router gave no reason",
            1 => "the user logged out",
            2 | 3 => "the line was lost",
            4 => "nothing was sent for too long",
            5 => "the time was over",
            6 => "it was disconnected by staff or by us",
            7 | 11 => "the router restarted",
            8 | 9 => "the router had an error",
            10 => "the router ended it: the data limit was reached",
            _ => return format!("the router gave reason {number}"),
        }
        .to_owned(),
    }
}
