//! `/v1/decisions`: why somebody was let in or refused.

use actions::access::explain::{self, Story};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::access::attempt::Device;
use domain::access::decision::{Decision, TraceCode};
use domain::access::grant::Grant;
use domain::id::NasId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::access::decisions::{self, DecisionKey, Search};
use store::platform::tenants;
use utoipa::{IntoParams, ToSchema};

use crate::access::whose::{HolderView, Sight};
use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::problem::Problem;
use crate::uid::Uuid;

/// An answer to somebody who wanted to come online.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionView {
    /// Its id.
    pub id: Uuid,
    /// The six characters at the end of what a refused person read.
    #[schema(example = "7KQ2MX")]
    pub trace: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Whether it was yes.
    pub accepted: bool,
    /// Why it was no, for programs.
    #[schema(required = true, example = "wrong_password")]
    pub refusal: Option<String>,
    /// What the person was told.
    #[schema(required = true)]
    pub told: Option<String>,
    /// The name that wanted to log in.
    pub user_name: String,
    /// Whose right it was.
    #[schema(required = true)]
    pub holder: Option<HolderView>,
    /// The device; `-` when the router does not say.
    pub device: String,
    /// The router that asked.
    pub router: Uuid,
    /// The kind of line: `hotspot`, `ppp`, or `unsaid`.
    pub service: String,
    /// The session that was granted.
    #[schema(required = true)]
    pub session: Option<Uuid>,
}

impl From<&Decision> for DecisionView {
    fn from(decision: &Decision) -> Self {
        Self {
            id: decision.id.uuid().into(),
            trace: decision.trace.to_string(),
            at: decision.at.to_string(),
            accepted: decision.refusal.is_none(),
            refusal: decision.refusal.map(|refusal| refusal.code().to_owned()),
            told: decision.refusal.map(|refusal| refusal.sentence().to_string()),
            user_name: decision.who(),
            holder: decision.holder.map(HolderView::from),
            device: decision.device.key(),
            router: decision.nas.uuid().into(),
            service: decision.service.code().to_owned(),
            session: decision.session().map(|session| session.uuid().into()),
        }
    }
}

/// Which answers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DecisionFilters {
    /// Only those to this user name or code, as it was typed.
    user_name: Option<String>,
    /// Only those to this device.
    #[param(example = "02:00:00:00:00:01")]
    device: Option<String>,
    /// Only those to this router.
    router: Option<Uuid>,
    /// Only refusals.
    refused: Option<bool>,
    /// Only from this moment on.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only before this moment.
    #[param(format = DateTime)]
    until: Option<String>,
}

impl DecisionFilters {
    fn search(self) -> Result<Search, Problem> {
        let instant = |name: &str, text: Option<String>| {
            let read = text.map(|text| text.parse::<Timestamp>()).transpose();
            read.map_err(|_| wrong(name, "write a moment, as 2027-01-31T23:59:00Z"))
        };
        Ok(Search {
            trace: None,
            user: self.user_name,
            device: self.device.as_deref().map(Device::from_key),
            nas: self.router.map(|id| NasId::from_uuid(id.get())),
            refused_only: self.refused.unwrap_or(false),
            since: instant("since", self.since)?,
            until: instant("until", self.until)?,
        })
    }
}

/// List answers to logins
///
/// Newest first, as long as they are kept.
#[utoipa::path(
    get, path = "/v1/decisions", tag = "decisions", operation_id = "list_decisions",
    params(Paging, DecisionFilters),
    responses((status = 200, description = "One page of answers.", body = Listing<DecisionView>)),
)]
pub(crate) async fn list_decisions(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<DecisionFilters>,
) -> Result<Response, Problem> {
    let search = filters.search()?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = decisions::search(&mut tx, &search, page.page::<DecisionKey>("newest")?).await?;
    let holders: Vec<_> = listed.rows.iter().map(|one| one.holder).collect();
    let sight = Sight::of(&mut tx, &caller, &holders).await?;
    let visible = listed.rows.iter().filter(|one| sight.sees(one.service, one.holder));
    listing(&page, "newest", visible.map(DecisionView::from).collect(), listed.next)
}

/// An answer with its story.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Explained {
    /// The answer.
    pub decision: DecisionView,
    /// The rules that were asked, in their order, in words.
    pub trail: Vec<String>,
    /// Which version of the rules.
    pub policy_version: u16,
    /// The whole story in plain sentences, a line each, on the provider's clock.
    pub story: Vec<String>,
    /// What the router was asked about the session since.
    pub orders: Vec<OrderView>,
}

/// What a router was asked about a session, and what it answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What it was asked.
    pub asked: String,
    /// What it answered.
    pub answer: String,
}

/// Explain an answer
///
/// By its trace code: the newest one with it.
#[utoipa::path(
    get, path = "/v1/decisions/{trace}", tag = "decisions", operation_id = "explain_decision",
    params(("trace" = String, Path, description = "Six letters and digits, as people read them out.",
        example = "7KQ2MX")),
    responses((status = 200, description = "The story.", body = Explained)),
)]
pub(crate) async fn explain_decision(
    State(app): State<App>,
    caller: Caller,
    Path(trace): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("answer with that trace code; its router may not have reached us:");
    let trace: TraceCode = trace.parse().map_err(|_| missing())?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let story = explain::of_trace(app.store(), &caller.scope(), &tenant, trace).await?.ok_or_else(missing)?;
    let decision = &story.decision;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let sight = Sight::of(&mut tx, &caller, &[decision.holder]).await?;
    if !sight.sees(decision.service, decision.holder) {
        return Err(missing());
    }
    json(&explained(&story))
}

fn explained(story: &Story) -> Explained {
    let zone = &story.tenant.zone;
    let orders = story.orders.iter().map(|order| OrderView {
        at: order.at.to_string(),
        asked: order.asked.to_string(),
        answer: order.answer.to_string(),
    });
    Explained {
        decision: DecisionView::from(&story.decision),
        trail: story.decision.trail.iter().map(|step| step.in_words(zone)).collect(),
        policy_version: story.decision.policy_version,
        story: story.lines(&granted),
        orders: orders.collect(),
    }
}

/// What was granted, in words.
fn granted(grant: &Grant) -> String {
    let parts = [
        Some(grant.rate.as_ref().map_or_else(|| "any speed".to_owned(), |rate| format!("speed {rate}"))),
        Some(grant.seconds_left.map_or_else(|| "no end".to_owned(), |left| format!("{left} s"))),
        grant.data_left.map(|left| format!("{left} of data")),
        grant.framed_ip.map(|ip| format!("address {ip}")),
        grant.pool.as_ref().map(|pool| format!("pool {}", pool.as_str())),
        grant.address_list.as_ref().map(|list| format!("address list {}", list.as_str())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
