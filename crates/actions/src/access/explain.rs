//! Tells in plain words why somebody was accepted or refused: the story of a trace code, or of a user's last request.

use domain::access::attempt::Device;
use domain::access::decision::{Decision, TraceCode};
use domain::access::grant::Grant;
use domain::access::session::{EndCause, SessionState};
use domain::network::nas::Nas;
use domain::platform::tenant::Tenant;
use domain::rate::Bytes;
use store::access::convergence::{self, Asked};
use store::access::decisions::{self, Search};
use store::access::sessions::{self, StoredSession};
use store::network::nas;
use store::{Store, StoreError, TenantScope};

/// A decision with what belongs to it.
#[derive(Debug)]
pub struct Story {
    /// The ISP.
    pub tenant: Tenant,
    /// The router; `None` when it is not registered any more.
    pub nas: Option<Nas>,
    /// The decision.
    pub decision: Decision,
    /// What became of the session that was granted.
    pub session: Option<StoredSession>,
    /// What its router was asked about it since, in that order.
    pub orders: Vec<Asked>,
}

/// Finds the newest decision of a trace code or, failing that, of a user name, among these tenants.
///
/// `None` when there is none: the router may not have asked, or was not known (see the drops in the metrics).
pub async fn explain(store: &Store, tenants: &[Tenant], asked: &str) -> Result<Option<Story>, StoreError> {
    let by_trace = asked.parse::<TraceCode>().ok().map(|trace| Search { trace: Some(trace), ..Search::default() });
    let by_user = Search { user: Some(asked.to_owned()), ..Search::default() };
    for search in by_trace.iter().chain([&by_user]) {
        if let Some((tenant, decision)) = newest(store, tenants, search).await? {
            return story(store, &TenantScope::of_operator(tenant.id), tenant, decision).await.map(Some);
        }
    }
    Ok(None)
}

/// The story of the newest decision with a trace code, of one tenant.
pub async fn of_trace(
    store: &Store,
    scope: &TenantScope,
    tenant: &Tenant,
    trace: TraceCode,
) -> Result<Option<Story>, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let search = Search { trace: Some(trace), ..Search::default() };
    let found = decisions::latest(&mut tx, &search).await?;
    drop(tx);
    match found {
        Some(decision) => story(store, scope, tenant, decision).await.map(Some),
        None => Ok(None),
    }
}

/// The newest decision of those that are looked for, and whose it is.
pub async fn newest<'t>(
    store: &Store,
    tenants: &'t [Tenant],
    search: &Search,
) -> Result<Option<(&'t Tenant, Decision)>, StoreError> {
    let mut newest: Option<(&Tenant, Decision)> = None;
    for tenant in tenants {
        let mut tx = store.tenant(&TenantScope::of_operator(tenant.id)).await?;
        if let Some(decision) = decisions::latest(&mut tx, search).await?
            && newest.as_ref().is_none_or(|(_, newest)| decision.at > newest.at)
        {
            newest = Some((tenant, decision));
        }
    }
    Ok(newest)
}

async fn story(store: &Store, scope: &TenantScope, tenant: &Tenant, decision: Decision) -> Result<Story, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let nas = nas::find(&mut tx, decision.nas).await?;
    let session = match decision.session() {
        Some(id) => sessions::find(&mut tx, id).await?,
        None => None,
    };
    let orders = match decision.session() {
        Some(id) => convergence::orders_of(&mut tx, id).await?,
        None => Vec::new(),
    };
    Ok(Story { tenant: tenant.clone(), nas, decision, session, orders })
}

impl Story {
    /// The story, a line each. `told` says what a router was told, in its own words.
    pub fn lines(&self, told: &dyn Fn(&Grant) -> String) -> Vec<String> {
        let decision = &self.decision;
        let zone = &self.tenant.zone;
        let verdict = if decision.refusal.is_some() { "REFUSED" } else { "ACCEPTED" };
        let nas = self.nas.as_ref().map_or("a router that is not registered any more", |nas| nas.name.as_str());
        let device = match &decision.device {
            Device::Unnamed => "not said by the router".to_owned(),
            named @ (Device::Mac(_) | Device::Caller(_)) => named.key(),
        };
        let mut lines = vec![
            format!("{verdict}  trace {}  {} ({})", decision.trace, decision.at.in_zone(zone), zone.name()),
            format!("  who:    `{}`{}", decision.who(), self.whose()),
            format!("  device: {device}"),
            format!("  router: `{nas}` of tenant `{}`, line: {}", self.tenant.slug, decision.service.code()),
            format!("  rules (version {}), in the order in which they were asked:", decision.policy_version),
        ];
        lines.extend(decision.trail.iter().map(|step| format!("    - {}", step.in_words(zone))));
        lines.extend(decision.refusal.map(|why| format!("  so the person was told: \"{}\"", why.sentence())));
        lines.extend(decision.granted.as_ref().map(|grant| format!("  so the router was told: {}", told(grant))));
        if let Some(first) = decision.first_use {
            lines.push(format!("  its first use: its time ends at {}", first.until.in_zone(zone)));
        }
        lines.push(format!(
            "  answered by node {} from {}, {} µs after it came in",
            decision.node,
            decision.answered_from.in_words(),
            decision.took_micros
        ));
        lines.extend(self.orders.iter().map(|order| {
            format!("  at {} its router was asked {}: {}", order.at.in_zone(zone), order.asked, order.answer)
        }));
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

/// Why a session ended, for a person (RFC 2866 §5.10).
pub fn end_in_words(cause: EndCause) -> String {
    match cause {
        EndCause::NasRestarted => "the router restarted".to_owned(),
        EndCause::Cut => "we asked its router to end it, and it did".to_owned(),
        EndCause::RouterGone => "its router was taken out of use, or its certificate was taken back".to_owned(),
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
